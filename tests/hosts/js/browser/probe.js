// Keeps what passes through an audio node, and when.

const { AudioWorkletProcessor, registerProcessor, sampleRate } = globalThis;

class Probe extends AudioWorkletProcessor {
  constructor({ processorOptions: { channels, seconds } }) {
    super();
    this.kept = Array.from({ length: channels }, () => new Float32Array(seconds * sampleRate));
    this.times = new Float64Array(Math.ceil((seconds * sampleRate) / 128));
    this.samples = 0;
    this.port.onmessage = () => {
      const channels = this.kept.map((row) => row.slice(0, this.samples));
      this.port.postMessage({ channels, times: this.times.slice(0, this.samples / 128) });
    };
  }

  process([input], [output]) {
    if (!input.length || this.samples >= this.kept[0].length) return true;
    this.times[this.samples / 128] = Date.now();
    input.forEach((row, i) => {
      this.kept[i].set(row, this.samples);
      output[i].set(row);
    });
    this.samples += input[0].length;
    return true;
  }
}

registerProcessor('probe', Probe);
