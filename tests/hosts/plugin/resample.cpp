// The plug-in's resampler as a filter: `resample RATE BLOCK < 48_khz.f32 > rate.f32`, one channel.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "resampler.hpp"

int main(int count, char** arguments) {
    if (count != 3) return 2;
    plugin::Resampler resampler;
    resampler.prepare(std::atof(arguments[1]));
    const std::size_t block = std::strtoul(arguments[2], nullptr, 10);
    std::vector<float> input, left(block), right(block);
    for (;;) {
        input.resize(resampler.needs(block));
        if (std::fread(input.data(), sizeof(float), input.size(), stdin) != input.size()) break;
        const float* const inputs[] = {input.data(), input.data()};
        float* const outputs[] = {left.data(), right.data()};
        resampler.run(inputs, outputs, block);
        if (left != right) return 1;
        std::fwrite(left.data(), sizeof(float), block, stdout);
    }
    std::fprintf(stderr, "%.17g\n", resampler.latency());
}
