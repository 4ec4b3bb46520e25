// An artifact, checked and loaded.

#pragma once

#include <fstream>
#include <limits>

#include "distill/distill.hpp"
#include "artifact/inspect.hpp"
#include "onnxruntime/session.hpp"

namespace distill {
namespace detail {

// Put a file's name in front of what is wrong with it.
template <typename Action>
auto explained(const std::string& path, Action action) -> decltype(action()) {
    try {
        return action();
    } catch (const ArtifactError& error) {
        throw ArtifactError(path + ": " + error.what());
    }
}

inline std::vector<std::uint8_t> read_file(const std::string& path) {
    const auto place = std::filesystem::u8path(path);
    std::error_code failed;
    const auto kind = std::filesystem::status(place, failed).type();
    if (kind == std::filesystem::file_type::not_found) {
        throw ArtifactError(path + ": there is no such file");
    }
    if (kind != std::filesystem::file_type::regular) {
        throw ArtifactError(path + ": it is not a file that can be read");
    }
    const auto size = std::filesystem::file_size(place, failed);
    if (failed) throw ArtifactError(path + ": it cannot be read");
    explained(path, [&] { check_size(size); });
    std::vector<std::uint8_t> data(static_cast<std::size_t>(size));
    std::ifstream file(place, std::ios::binary);
    file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
    if (!file || file.gcount() != static_cast<std::streamsize>(data.size())) {
        throw ArtifactError(path + ": it cannot be read");
    }
    return data;
}

}  // namespace detail

Artifact::Artifact(Metadata metadata, std::unique_ptr<Session> session)
    : metadata_(std::move(metadata)), session_(std::move(session)) {}

Artifact::~Artifact() = default;

std::shared_ptr<const Artifact> Artifact::load(const std::string& path, const Options& options) {
    const std::vector<std::uint8_t> data = detail::read_file(path);
    return detail::explained(path, [&] { return from_memory(data.data(), data.size(), options); });
}

Metadata Artifact::inspect(const std::string& path) {
    const std::vector<std::uint8_t> data = detail::read_file(path);
    return detail::explained(path, [&] { return inspect_memory(data.data(), data.size()); });
}

Metadata Artifact::inspect_memory(const void* data, std::size_t size) {
    return detail::inspect(static_cast<const std::uint8_t*>(data), size);
}

std::shared_ptr<const Artifact> Artifact::from_memory(
    const void* data, std::size_t size, const Options& options) {
    if (options.threads < 1 || options.threads > 256) {
        throw RequestError(
            "threads is " + std::to_string(options.threads) + ", expected 1 to 256");
    }
    Metadata metadata = inspect_memory(data, size);
    auto session = std::make_unique<Session>(data, size, options);
    return std::shared_ptr<const Artifact>(new Artifact(std::move(metadata), std::move(session)));
}

const std::string& Artifact::onnxruntime_version() const { return session_->library->version(); }

State Artifact::initial_state(std::size_t rows) const {
    return State(rows * metadata_.state_size, 0.0F);
}

std::vector<float> Artifact::step(
    const std::vector<float>& latents, std::size_t rows, State& state, bool finish,
    const Interrupt* interrupt) const {
    const std::size_t dim = metadata_.latent_dim;
    if (rows == 0 || latents.empty() || latents.size() % (rows * dim) != 0) {
        throw RequestError(
            "there are " + std::to_string(latents.size()) + " latent values, expected steps of " +
            std::to_string(dim) + " for each of " + std::to_string(rows) + " rows");
    }
    if (state.size() != rows * metadata_.state_size) {
        throw RequestError("the state is not one of " + std::to_string(rows) + " rows of this model");
    }
    if (!detail::all_finite(latents)) throw RequestError("a latent value is not a finite number");
    const std::size_t steps = latents.size() / (rows * dim);
    std::vector<float> audio = session_->run(
        latents, rows, steps, state, finish, interrupt ? interrupt->options_.get() : nullptr);
    const std::size_t tail = finish ? STEP_SAMPLES + metadata_.latency_samples : 0;
    const std::size_t samples = steps * STEP_SAMPLES + tail;
    if (audio.size() != rows * samples) {
        throw BackendError("onnxruntime returned another number of samples than the contract says");
    }
    return audio;
}

std::vector<float> Artifact::render(const std::vector<float>& latents) const {
    constexpr std::size_t BLOCK_STEPS = 12;
    const std::size_t dim = metadata_.latent_dim;
    if (latents.empty() || latents.size() % dim != 0) {
        throw RequestError(
            "there are " + std::to_string(latents.size()) + " latent values, expected steps of " +
            std::to_string(dim));
    }
    const std::size_t steps = latents.size() / dim;
    State state = initial_state();
    std::vector<float> sound;
    sound.reserve(steps * STEP_SAMPLES);
    std::size_t skipped = metadata_.latency_samples;
    for (std::size_t done = 0; done < steps; done += BLOCK_STEPS) {
        const std::size_t count = std::min(BLOCK_STEPS, steps - done);
        const auto* begin = &latents[done * dim];
        const std::vector<float> audio =
            step({begin, begin + count * dim}, 1, state, done + count == steps);
        sound.insert(sound.end(), audio.begin() + static_cast<std::ptrdiff_t>(skipped), audio.end());
        skipped = 0;
    }
    return sound;
}

Interrupt::Interrupt(const Artifact& artifact)
    : options_(std::make_unique<Options>(artifact.session_->library)) {}
Interrupt::~Interrupt() = default;
void Interrupt::request() { options_->request(); }
void Interrupt::clear() { options_->clear(); }

}  // namespace distill
