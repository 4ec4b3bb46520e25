#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

// A mono WAV of 32-bit floats, on a little-endian machine; what comes before the sound is skipped.
struct Wav {
    Wav(const std::string& path, int64_t skip, int64_t samples)
        : path(path), skip(skip), left(samples), file(path, std::ios::binary) {
        const auto bytes = static_cast<uint32_t>(4 * samples);
        const auto put = [this](uint32_t value, int size) {
            file.write(reinterpret_cast<const char*>(&value), size);
        };
        file << "RIFF", put(bytes + 36, 4), file << "WAVEfmt ";
        put(16, 4), put(3, 2), put(1, 2), put(48000, 4), put(4 * 48000, 4), put(4, 2), put(32, 2);
        file << "data", put(bytes, 4);
    }

    void write(const at::Tensor& audio) {
        const auto block = audio.flatten().contiguous();
        const auto start = std::min(skip, block.numel());
        const auto count = std::min(block.numel() - start, left);
        file.write(reinterpret_cast<const char*>(block.data_ptr<float>() + start), 4 * count);
        skip -= start, left -= count;
        if (!file.flush()) throw std::runtime_error(path + " cannot be written");
    }

    std::string path;
    int64_t skip, left;
    std::ofstream file;
};
