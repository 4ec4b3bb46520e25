// An audio thread in Node: the library's own worklet, run by whoever wants to hear it.

let Processor;
globalThis.AudioWorkletProcessor = class {
  constructor() {
    this.port = new MessageChannel().port1;
  }
};
globalThis.registerProcessor = (_, Kind) => {
  Processor = Kind;
};
await import('../../../hosts/js/src/live/worklet.js');

const BLOCK = 128;

export class AudioThread {
  constructor(options) {
    this.channels = options.channels;
    this.processor = new Processor({ processorOptions: options });
    this.blocks = [];
  }

  /** A line to it, for one who sends what is to be played. */
  line() {
    const { port1, port2 } = new MessageChannel();
    this.processor.port.onmessage({ data: { writer: port2 } });
    return port1;
  }

  /** Play so many blocks; whether it goes on. */
  play(blocks = 1) {
    let goesOn = true;
    for (let i = 0; i < blocks; i += 1) {
      const output = Array.from({ length: this.channels }, () => new Float32Array(BLOCK));
      goesOn = this.processor.process([], [output]);
      this.blocks.push(output);
    }
    return goesOn;
  }

  /** All that was heard, a row for each channel. */
  get heard() {
    return Array.from({ length: this.channels }, (_, channel) =>
      Float32Array.from(this.blocks.flatMap((block) => [...block[channel]])),
    );
  }

  end() {
    this.processor.port.onmessage({ data: {} });
    this.processor.port.close();
  }
}
