// An artifact's graph in onnxruntime: fed and read by the contract's names.

#pragma once

#include <atomic>
#include <cstring>

#include "library.hpp"

namespace distill {
namespace detail {

// Whatever onnxruntime hands out, given back when it goes out of scope.
template <typename T>
class Owned {
  public:
    explicit Owned(void(ORT_API_CALL* release)(T*)) : release_(release) {}
    ~Owned() {
        if (pointer_) release_(pointer_);
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    T** out() { return &pointer_; }
    T* get() const { return pointer_; }

  private:
    void(ORT_API_CALL* release_)(T*);
    T* pointer_ = nullptr;
};

// How idle threads wait: not busily between calls, and within one only from an operator to the next
// (distill_runtime/artifact/session.py).
inline std::vector<std::pair<const char*, const char*>> waiting(const std::string& version) {
    int major = 0, minor = 0;
    std::sscanf(version.c_str(), "%d.%d", &major, &minor);
    if (major == 1 && minor < 26) return {{"session.intra_op.allow_spinning", "0"}};
    return {
        {"session.intra_op.allow_spinning", "1"},
        {"session.intra_op.spin_duration_us", "50"},
        {"session.force_spinning_stop", "1"},
    };
}

}  // namespace detail

// The options of a run, through which onnxruntime is told to end it.
struct Interrupt::Options {
    explicit Options(std::shared_ptr<detail::Library> loaded)
        : library(std::move(loaded)), options(library->api().ReleaseRunOptions) {
        library->check(library->api().CreateRunOptions(options.out()));
    }

    void request() {
        is_requested.store(true);
        library->check(library->api().RunOptionsSetTerminate(options.get()));
    }

    void clear() {
        is_requested.store(false);
        library->check(library->api().RunOptionsUnsetTerminate(options.get()));
    }

    std::shared_ptr<detail::Library> library;
    detail::Owned<OrtRunOptions> options;
    std::atomic<bool> is_requested{false};
};

struct Artifact::Session {
    Session(const void* data, std::size_t size, const Options& options)
        : library(detail::Library::load(options.onnxruntime)),
          session(library->api().ReleaseSession),
          memory(library->api().ReleaseMemoryInfo) {
        const OrtApi& api = library->api();
        detail::Owned<OrtSessionOptions> settings(api.ReleaseSessionOptions);
        library->check(api.CreateSessionOptions(settings.out()));
        library->check(api.SetIntraOpNumThreads(settings.get(), options.threads));
        library->check(api.SetInterOpNumThreads(settings.get(), 1));
        library->check(api.SetSessionLogSeverityLevel(settings.get(), ORT_LOGGING_LEVEL_FATAL));
        // By what it begins with it could pass for another format, one that was not checked.
        library->check(
            api.AddSessionConfigEntry(settings.get(), "session.load_model_format", "ONNX"));
        for (const auto& [key, value] : detail::waiting(library->version())) {
            library->check(api.AddSessionConfigEntry(settings.get(), key, value));
        }
        library->check<ArtifactError>(api.CreateSessionFromArray(
            library->env(), data, size, settings.get(), session.out()));
        library->check(api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, memory.out()));
    }

    // Run the graph once and return [rows, samples]; the state becomes the next one.
    std::vector<float> run(
        const std::vector<float>& latents, std::size_t rows, std::size_t steps, State& state,
        bool finish, const Interrupt::Options* interrupt) const {
        const OrtApi& api = library->api();
        const auto length = [&](std::size_t all, std::size_t parts) {
            return static_cast<std::int64_t>(all / parts);
        };
        const std::int64_t batch = static_cast<std::int64_t>(rows);
        const std::int64_t latent_shape[] = {
            batch, static_cast<std::int64_t>(steps), length(latents.size(), rows * steps)};
        const std::int64_t state_shape[] = {batch, length(state.size(), rows)};
        detail::Owned<OrtValue> fed[] = {
            detail::Owned<OrtValue>(api.ReleaseValue), detail::Owned<OrtValue>(api.ReleaseValue),
            detail::Owned<OrtValue>(api.ReleaseValue)};
        // onnxruntime reads what it is fed, though it takes a pointer that it could write to.
        library->check(api.CreateTensorWithDataAsOrtValue(
            memory.get(), const_cast<float*>(latents.data()), latents.size() * sizeof(float),
            latent_shape, 3, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, fed[0].out()));
        library->check(api.CreateTensorWithDataAsOrtValue(
            memory.get(), state.data(), state.size() * sizeof(float), state_shape, 2,
            ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, fed[1].out()));
        library->check(api.CreateTensorWithDataAsOrtValue(
            memory.get(), &finish, sizeof finish, nullptr, 0, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
            fed[2].out()));

        const char* const inputs[] = {"latents", "state", "finish"};
        const char* const outputs[] = {"audio", "next_state"};
        const OrtValue* const values[] = {fed[0].get(), fed[1].get(), fed[2].get()};
        detail::Owned<OrtValue> audio(api.ReleaseValue), next(api.ReleaseValue);
        OrtValue* results[] = {nullptr, nullptr};
        OrtStatus* status = api.Run(
            session.get(), interrupt ? interrupt->options.get() : nullptr, inputs, values, 3,
            outputs, 2, results);
        *audio.out() = results[0];
        *next.out() = results[1];
        if (status && interrupt && interrupt->is_requested) {
            api.ReleaseStatus(status);
            throw InterruptedError("the step was interrupted");
        }
        library->check(status);

        std::vector<float> samples = contents(audio.get());
        std::vector<float> following = contents(next.get());
        if (following.size() != state.size()) {
            throw BackendError("onnxruntime returned a state of another size");
        }
        state.swap(following);
        return samples;
    }

    std::shared_ptr<detail::Library> library;
    detail::Owned<OrtSession> session;
    detail::Owned<OrtMemoryInfo> memory;

  private:
    std::vector<float> contents(OrtValue* value) const {
        const OrtApi& api = library->api();
        detail::Owned<OrtTensorTypeAndShapeInfo> shape(api.ReleaseTensorTypeAndShapeInfo);
        library->check(api.GetTensorTypeAndShape(value, shape.out()));
        std::size_t count = 0;
        library->check(api.GetTensorShapeElementCount(shape.get(), &count));
        void* data = nullptr;
        library->check(api.GetTensorMutableData(value, &data));
        const auto* numbers = static_cast<const float*>(data);
        return {numbers, numbers + count};
    }
};

}  // namespace distill
