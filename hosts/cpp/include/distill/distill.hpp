// Distill artifacts in C++: load one, make a sound of a seed, play one live.
//
// One header and one source (src/distill.cpp), C++17, and onnxruntime, which is loaded at run time:
// any release from 1.15 on serves. Nothing here prints, exits or lets a foreign exception out.

#ifndef DISTILL_DISTILL_HPP
#define DISTILL_DISTILL_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace distill {

constexpr int SAMPLE_RATE_HZ = 48'000;
constexpr std::size_t STEP_SAMPLES = 24'064;  // that every latent vector yields
constexpr int MAX_STEP = 1000;                // of a slider or a control, either way

// Everything that is thrown here. `what()` is one sentence for a user: what was found, what was
// expected, what to do.
class Error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A file is not there, or not an artifact that this version plays.
class ArtifactError : public Error {
    using Error::Error;
};

// What was asked for is out of bounds, or does not fit the model.
class RequestError : public Error {
    using Error::Error;
};

// onnxruntime is not there, too old, or failed.
class BackendError : public Error {
    using Error::Error;
};

// A step was interrupted.
class InterruptedError : public Error {
    using Error::Error;
};

// One principal component of the latent space. A position of p steps moves the latent vector by
// p * step_size * component.
struct Slider {
    std::string name;
    std::string label;
    std::vector<double> component;  // [latent_dim], unit length
    double step_size = 0.0;
    int min_step = 0, max_step = 0;
    int safe_min_step = 0, safe_max_step = 0;
    int warning_min_step = 0, warning_max_step = 0;
    double variance_explained = 0.0;  // 0 to 1
};

// All sliders of a model, and the latent vector at which every slider stands at 0.
struct SliderBank {
    std::vector<double> mean;  // [latent_dim]
    std::vector<Slider> sliders;
};

// A direction of the latent space that is named by what is heard, the same from anywhere.
struct Control {
    std::string name;
    std::vector<double> direction;  // [latent_dim], unit length
    double step_size = 0.0;         // above 0
    int safe_min_step = 0, safe_max_step = 0;
    std::string unit;  // of what one step changes: "dB", "octaves"
    double change_per_step = 0.0;
    bool is_level = false;  // whether it changes the level
};

// Where the recordings lie in the latent space.
struct Landmarks {
    std::vector<double> vectors;     // [count, latent_dim]
    std::vector<double> potentials;  // [count]
    std::vector<double> widths;      // [latent_dim], above 0
    double default_nearness = 0.0;   // of sounds that ask for none
};

// What an artifact says of itself (docs/artifact.md).
struct Metadata {
    std::string name, description;
    std::size_t latent_dim = 0;
    std::size_t state_size = 0;
    std::size_t latency_samples = 0;  // of silence before a sound begins
    std::string reconstruction;       // "learned" or "refined"
    std::string precision;            // "float32", "float16" or "int8"
    std::optional<SliderBank> sliders;
    std::vector<Control> controls;
    std::optional<Landmarks> landmarks;
    std::string source_sha256, weights_sha256;
};

// How onnxruntime is to run an artifact.
struct Options {
    std::string onnxruntime;  // path of its library; by default where `find_onnxruntime` finds it
    int threads = 1;          // that share an operator's work
};

// Return where onnxruntime's library is: what DISTILL_ONNXRUNTIME names, else beside this program or
// library, else the name by which the system looks for it.
std::string find_onnxruntime();

// What a step leaves: the next one's beginning.
using State = std::vector<float>;  // [rows, state_size]

class Artifact;

// By which one thread ends a step of another, at its next operator.
class Interrupt {
  public:
    explicit Interrupt(const Artifact& artifact);
    ~Interrupt();
    void request();  // from any thread
    void clear();    // before the next step

  private:
    friend class Artifact;
    struct Options;
    std::unique_ptr<Options> options_;
};

// An artifact that was checked and loaded. It can be used by several threads at once.
class Artifact {
  public:
    // Throws ArtifactError, BackendError, RequestError (threads).
    static std::shared_ptr<const Artifact> load(const std::string& path, const Options& options = {});
    static std::shared_ptr<const Artifact> from_memory(
        const void* data, std::size_t size, const Options& options = {});
    ~Artifact();

    // Check an artifact and return what it says of itself, without onnxruntime. Throws ArtifactError.
    static Metadata inspect(const std::string& path);
    static Metadata inspect_memory(const void* data, std::size_t size);

    const Metadata& metadata() const { return metadata_; }
    const std::string& onnxruntime_version() const;

    // The state of streams that have not begun.
    State initial_state(std::size_t rows = 1) const;

    // Render steps of rows side by side, each [steps, latent_dim], and return [rows, samples]:
    // STEP_SAMPLES for a step, and STEP_SAMPLES + latency_samples more if the streams finish. `state`
    // becomes the next step's; it stays as it was if the step was interrupted.
    // Throws RequestError (sizes), BackendError, InterruptedError.
    std::vector<float> step(
        const std::vector<float>& latents, std::size_t rows, State& state, bool finish = false,
        const Interrupt* interrupt = nullptr) const;

    // Render a whole trajectory [steps, latent_dim] and return its samples without the latency.
    std::vector<float> render(const std::vector<float>& latents) const;

  private:
    friend class Interrupt;
    struct Session;
    Artifact(Metadata metadata, std::unique_ptr<Session> session);
    Metadata metadata_;
    std::unique_ptr<Session> session_;
};

// The random numbers behind a seed: those of torch's CPU `randn`, bit for bit.
class Seeds {
  public:
    explicit Seeds(std::uint32_t seed);
    ~Seeds();
    // Draw n values, at least 16 (RequestError).
    std::vector<float> randn(std::size_t n);

  private:
    struct Generator;
    std::unique_ptr<Generator> generator_;
};

// Interpolate along the arc between two latent vectors, t from 0 to 1 (Shoemake, 1985).
std::vector<float> slerp(const std::vector<float>& a, const std::vector<float>& b, double t);

// How many latent vectors a sound of so many seconds takes. Throws RequestError.
std::size_t steps_for_duration(double duration_s);

// The trajectory [steps, latent_dim] of a seed, as distill-run takes it. Throws RequestError.
std::vector<float> trajectory(std::uint32_t seed, double duration_s, std::size_t latent_dim);

// The same from a latent vector, drifting `evolution` (0 to 1) of the way to random ones.
std::vector<float> evolve(
    const std::vector<float>& vector, std::uint32_t seed, double duration_s, double evolution);

// Where sliders lead: a position in steps for each. Throws RequestError.
std::vector<float> latent_vector(const SliderBank& bank, const std::vector<double>& positions);

// What controls add to every latent vector: steps for each control, in the model's order.
std::vector<float> control_shift(const Metadata& metadata, const std::vector<double>& steps);

// Pull latent vectors [..., latent_dim] towards the recordings, nearness from 0 to 1.
void pull(std::vector<float>& latents, const Landmarks& landmarks, double nearness);

// How a sound is spread over two channels.
struct Stereo {
    enum class Mode { mono, mid_side, dual_seed };
    Mode mode = Mode::mono;
    double width = 0.7;  // 0 to 1.5, of mid_side
    double depth = 0.3;  // 0 to 1, of mid_side and dual_seed

    std::size_t voices() const { return mode == Mode::dual_seed ? 2 : 1; }
    std::size_t channels() const { return mode == Mode::mono ? 1 : 2; }
};

// Where a live sound is to be. Without sliders and without a vector it walks between the random
// anchors of its seed, an anchor a second.
struct Place {
    std::uint32_t seed = 0;
    std::vector<double> sliders;   // a position for each, or none
    std::vector<float> vector;     // [latent_dim], or none
    std::vector<double> controls;  // steps for each, or none
    double drift = 0.0;            // how far it wanders from the place, 0 to 1
    double nearness = 0.0;         // how far it is pulled to the recordings, 0 to 1
    bool hold = false;             // whether the wandering stands still

    bool operator==(const Place& other) const;
};

// A sound that is played by hand.
class LiveVoice {
  public:
    struct Settings {
        Place place;
        Stereo stereo;
        // What the model's own sound is multiplied by; by default what a finished file of the
        // beginning would have. What is louder than such a file is limited softly.
        std::optional<double> gain;
        // Whether a thread renders ahead and `read` never waits. If not, `read` renders what it
        // returns, and a move is heard from the very next sample.
        bool realtime = true;
    };

    // Renders the first half second. Throws RequestError, BackendError.
    LiveVoice(std::shared_ptr<const Artifact> artifact, Settings settings);
    ~LiveVoice();
    LiveVoice(const LiveVoice&) = delete;
    LiveVoice& operator=(const LiveVoice&) = delete;

    // Go to another place; with `restart` the wandering begins anew there. Not for the audio thread:
    // it allocates and takes a lock. Throws RequestError.
    void move(const Place& place, bool restart = false);
    Place place() const;

    // Write the next samples into `channels()` arrays. In real time it is for the audio thread, one
    // at a time: it does not allocate, lock, wait or throw; what is not ready is silence, and an
    // underrun. Else it throws BackendError.
    void read(float* const* outputs, std::size_t samples);

    std::size_t channels() const;
    double gain() const;
    std::uint64_t underruns() const;  // blocks that were not ready
    double load() const;              // share of one core's time that rendering takes, 0 to 1
    std::string failure() const;      // why it has stopped; empty while it plays

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace distill

#endif
