// What an artifact's constants hold (distill_runtime/artifact/scan/constants.py).

#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "artifact/known_graph.hpp"
#include "artifact/onnx_graph.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

// Whether no number of `Bits` has an exponent of ones alone, as NaN and infinity have. The bytes are
// little-endian, as is every machine that onnxruntime is built for.
template <class Bits>
bool is_all_finite(Bytes data, Bits exponent) {
    bool found = false;
    for (std::size_t at = 0; at + sizeof(Bits) <= data.size(); at += sizeof(Bits)) {
        Bits bits;
        std::memcpy(&bits, data.data() + at, sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

// See that no constant of floats holds NaN or infinity.
inline void check_finite(const OnnxGraph& graph) {
    for (const auto& item : graph.initializers.items()) {
        const Bytes data = item.second.raw_bytes();
        bool finite = true;
        switch (item.second.element_type) {
            case FLOAT: finite = is_all_finite<std::uint32_t>(data, 0x7F800000); break;
            case DOUBLE: finite = is_all_finite<std::uint64_t>(data, 0x7FF0000000000000); break;
            case FLOAT16: finite = is_all_finite<std::uint16_t>(data, 0x7C00); break;
            default: break;
        }
        if (!finite) {
            throw ArtifactError(
                "its weights are not all finite: the file is damaged, or its model was trained to nothing");
        }
    }
}

// A finite number of a tensor.
inline double number_at(const Tensor& tensor, std::size_t index) {
    const char* data = tensor.raw_bytes().data();
    if (tensor.element_type == FLOAT) {
        float value;
        std::memcpy(&value, data + index * sizeof value, sizeof value);
        return value;
    }
    if (tensor.element_type == DOUBLE) {
        double value;
        std::memcpy(&value, data + index * sizeof value, sizeof value);
        return value;
    }
    std::uint16_t bits;  // a half: a sign, five bits of exponent, ten of fraction
    std::memcpy(&bits, data + index * sizeof bits, sizeof bits);
    const int exponent = bits >> 10 & 31, fraction = bits & 0x3FF;
    const double size = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
    return bits & 0x8000 ? -size : size;
}

// Sums of an array, each with other weights: of 0.5 to 1 in size, of either sign.
inline std::array<double, 4> fingerprint_sums(const Tensor& tensor, std::size_t count) {
    constexpr std::size_t BLOCK_VALUES = 4096;
    // Odd numbers near 2^32 over powers of the golden ratio: their multiples, modulo 2^32, spread
    // evenly (Knuth, The Art of Computer Programming, volume 3, section 6.4).
    constexpr std::uint32_t MULTIPLIERS[] = {2654435761, 1640531527, 1013904243, 3266489917};
    const auto weight = [](std::uint32_t multiplier, std::size_t place) {
        const double spread = static_cast<std::uint32_t>(multiplier * static_cast<std::uint32_t>(place + 1)) * 0x1p-32;
        return spread < 0.5 ? -0.5 - spread : spread;
    };
    std::array<double, 4> sums{};
    for (std::size_t sum = 0; sum < sums.size(); ++sum) {
        for (std::size_t block = 0; block * BLOCK_VALUES < count; ++block) {
            double inner = 0.0;
            for (std::size_t i = block * BLOCK_VALUES; i < std::min(count, (block + 1) * BLOCK_VALUES); ++i) {
                inner += weight(MULTIPLIERS[sum], i % BLOCK_VALUES) * number_at(tensor, i);
            }
            sums[sum] += weight(MULTIPLIERS[sum], block) * inner;
        }
    }
    return sums;
}

// See that the constants of signal processing are those that an exporter computes. Where a model
// chooses what one holds, as an expander's, its shape alone must be that.
inline void check_arrays(const KnownGraph& graph) {
    for (const auto& [tensor, expected] : graph.arrays) {
        bool near = tensor->dims == expected->dims;  // first: another one may be as large as a file
        if (near && expected->sums) {
            const auto found = fingerprint_sums(*tensor, static_cast<std::size_t>(*tensor->size()));
            for (std::size_t i = 0; i < found.size(); ++i) {
                near &= std::abs(found[i] - expected->sums->at(i)) <= expected->tolerance;
            }
        }
        if (!near) {
            throw ArtifactError(
                "unknown structure (its signal processing has other constants): export it again");
        }
    }
}

}  // namespace detail
}  // namespace distill
