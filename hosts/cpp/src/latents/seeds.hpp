// The random numbers behind a seed: torch's CPU `randn` stream (distill_runtime/latents/seeds.py).
//
// An MT19937 whose draws go through Box and Muller's transform in blocks of 16, with the
// single-precision logarithm, sine and cosine of S. Moshier's Cephes library in fused multiply-adds,
// in the order in which torch evaluates them with AVX2: so the stream is torch's, bit for bit.

#pragma once

#include <cmath>
#include <random>

#include "distill/distill.hpp"

namespace distill {
namespace detail {

constexpr std::size_t MIN_VALUES = 16;  // fewer are drawn in another way by torch
constexpr std::size_t BLOCK = 16;

// a * b + c rounded to float once. The product of two floats is exact in double; that the sum is
// rounded there too matters in one case of 2^29 or so, and Python does the same.
inline float fused(float a, float b, float c) {
    return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c));
}

template <std::size_t N>
float polynomial(const float (&terms)[N], float x) {
    float y = terms[0];
    for (std::size_t i = 1; i < N; ++i) y = fused(y, x, terms[i]);
    return y;
}

// The natural logarithm of a normal positive float, rounded as Cephes' logf rounds.
inline float cephes_log(float x) {
    static constexpr float TERMS[] = {
        7.0376836292e-2F, -1.1514610310e-1F, 1.1676998740e-1F, -1.2420140846e-1F, 1.4249322787e-1F,
        -1.6668057665e-1F, 2.0000714765e-1F, -2.4999993993e-1F, 3.3333331174e-1F};
    constexpr float SQRT_HALF = 0.707106781186547524F;
    constexpr float LN2_HIGH = 0.693359375F, LN2_LOW = -2.12194440e-4F;

    int exponent = 0;
    const float fraction = std::frexp(x, &exponent);
    const bool low = fraction < SQRT_HALF;
    const float r = (low ? fraction + fraction : fraction) - 1.0F;
    const float e = static_cast<float>(exponent - (low ? 1 : 0));
    const float square = r * r;
    float y = polynomial(TERMS, r) * r;
    y = fused(y, square, e * LN2_LOW);
    y = fused(square, -0.5F, y);
    return fused(e, LN2_HIGH, r + y);
}

// Sine and cosine of an angle in [0, 2 pi], rounded as Cephes' sinf and cosf round.
inline void cephes_sin_cos(float x, float& sine, float& cosine) {
    static constexpr float QUARTER_PI_PARTS[] = {
        0.78515625F, 2.4187564849853515625e-4F, 3.77489497744594108e-8F};
    static constexpr float SIN_TERMS[] = {-1.9515295891e-4F, 8.3321608736e-3F, -1.6666654611e-1F};
    static constexpr float COS_TERMS[] = {
        2.443315711809948e-5F, -1.388731625493765e-3F, 4.166664568298827e-2F};

    int octant = static_cast<int>(x * 1.27323954473516F);
    octant += octant & 1;  // up to an even one: a remainder in [-pi / 4, pi / 4]
    float r = x;
    for (const float part : QUARTER_PI_PARTS) r = fused(static_cast<float>(octant), -part, r);

    const float square = r * r;
    float even = polynomial(COS_TERMS, square) * square;
    even = fused(even, square, square * -0.5F) + 1.0F;
    const float odd = fused(polynomial(SIN_TERMS, square) * square, r, r);

    const bool swapped = (octant & 2) != 0;
    sine = swapped ? even : odd;
    cosine = swapped ? odd : even;
    if (octant & 4) sine = -sine;
    if ((octant + 2) & 4) cosine = -cosine;
}

// Turn 16 uniform values into normal ones: eight radii times the cosine, then times the sine.
inline void box_muller(const float* uniforms, float* values) {
    constexpr float TWO_PI = 6.283185307179586476925F;
    for (std::size_t i = 0; i < BLOCK / 2; ++i) {
        const float radius = std::sqrt(-2.0F * cephes_log(1.0F - uniforms[i]));
        float sine = 0.0F, cosine = 0.0F;
        cephes_sin_cos(TWO_PI * uniforms[i + BLOCK / 2], sine, cosine);
        values[i] = radius * cosine;
        values[i + BLOCK / 2] = radius * sine;
    }
}

}  // namespace detail

struct Seeds::Generator {
    explicit Generator(std::uint32_t seed) : draws(seed) {}

    float uniform() { return static_cast<float>(draws() & 0xFFFFFFU) * 0x1p-24F; }

    std::mt19937 draws;
};

Seeds::Seeds(std::uint32_t seed) : generator_(std::make_unique<Generator>(seed)) {}
Seeds::~Seeds() = default;

std::vector<float> Seeds::randn(std::size_t n) {
    using detail::BLOCK;
    if (n < detail::MIN_VALUES) {
        throw RequestError(
            "cannot draw " + std::to_string(n) + " random values the way torch does, at least 16 are "
            "needed: give the latent vectors yourself");
    }
    const std::size_t whole = n - n % BLOCK;
    std::vector<float> uniforms(n), values(n);
    for (float& value : uniforms) value = generator_->uniform();
    for (std::size_t at = 0; at < whole; at += BLOCK) {
        detail::box_muller(&uniforms[at], &values[at]);
    }
    if (whole < n) {  // the last 16 are drawn afresh, over some that the blocks already hold
        float last[BLOCK];
        for (float& value : last) value = generator_->uniform();
        detail::box_muller(last, &values[n - BLOCK]);
    }
    return values;
}

}  // namespace distill
