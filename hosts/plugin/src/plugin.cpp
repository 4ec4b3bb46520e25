// The plug-in as DPF wants it: parameters, states, keys, and samples in blocks of the host's size.

#include "DistrhoPlugin.hpp"

#include "engine.hpp"
#include "envelope.hpp"
#include "resampler.hpp"

START_NAMESPACE_DISTRHO

namespace {

enum State : std::uint32_t { STATE_MODEL, STATE_SHA256, STATE_MESSAGE, STATES };
constexpr const char* STATE_KEYS[] = {"model", "weights_sha256", "message"};

constexpr float KNOB_REACH = 10.0F;  // of a knob that is a slider of one model and not of another
constexpr std::uint32_t CHUNK = 256;

float amplitude(float level_db) { return level_db <= -60.0F ? 0.0F : std::pow(10.0F, level_db / 20.0F); }

void enumerate(Parameter& parameter, const std::vector<std::string>& texts) {
    auto* values = new ParameterEnumerationValue[texts.size()];
    for (std::size_t i = 0; i < texts.size(); ++i) {
        values[i].value = static_cast<float>(i);
        values[i].label = texts[i].c_str();
    }
    parameter.enumValues.count = static_cast<uint8_t>(texts.size());
    parameter.enumValues.restrictedMode = true;
    parameter.enumValues.values = values;
}

}  // namespace

class DistillPlugin : public Plugin {
  public:
    DistillPlugin() : Plugin(plugin::PARAMETERS, 0, STATES) {}

  protected:
    const char* getLabel() const override { return "distill"; }
    const char* getDescription() const override {
        return "Plays a model of Distill: a key starts a seed's sound, knobs move it.";
    }
    const char* getMaker() const override { return "Distill"; }
    const char* getLicense() const override { return "MIT"; }
    uint32_t getVersion() const override { return d_version(0, 1, 0); }
    int64_t getUniqueId() const override { return d_cconst('D', 'l', 'v', 'c'); }

    void initAudioPort(bool input, uint32_t index, AudioPort& port) override {
        port.groupId = kPortGroupStereo;
        Plugin::initAudioPort(input, index, port);
    }

    void initParameter(uint32_t index, Parameter& parameter) override {
        if (plugin::is_knob(index)) return init_knob(index - plugin::FIRST_KNOB, parameter);
        const plugin::Description& is = plugin::description(index);
        parameter.name = is.name;
        parameter.symbol = is.symbol;
        parameter.unit = is.unit;
        parameter.ranges.min = is.least;
        parameter.ranges.max = is.most;
        parameter.ranges.def = plugin::is_output(index) ? is.usual : engine_.value(index);
        parameter.hints = is.is_whole ? kParameterIsInteger : 0;
        if (plugin::is_output(index)) parameter.hints |= kParameterIsOutput;
        else if (index != plugin::RENDER) parameter.hints |= kParameterIsAutomatable;
        std::vector<std::string> choices;
        for (const char* choice : is.choices) {
            if (choice) choices.push_back(choice);
        }
        if (index == plugin::MODEL) {
            choices = {"Silence"};
            for (const auto& model : engine_.models()) choices.push_back(model.name);
            parameter.ranges.max = std::max(1.0F, static_cast<float>(choices.size()) - 1.0F);
        }
        if (!choices.empty()) enumerate(parameter, choices);
    }

    void initState(uint32_t index, ::DISTRHO_NAMESPACE::State& state) override {
        state.key = STATE_KEYS[index];
        state.label = STATE_KEYS[index];
        state.hints = index == STATE_MESSAGE ? kStateIsHostReadable : kStateIsOnlyForDSP;
    }

    String getState(const char* key) const override {
        const auto kept = engine_.kept();
        if (key == std::string(STATE_KEYS[STATE_MODEL])) return String(kept.first.c_str());
        if (key == std::string(STATE_KEYS[STATE_SHA256])) return String(kept.second.c_str());
        return String(engine_.message().c_str());
    }

    void setState(const char* key, const char* value) override {
        const std::string text = value;
        if (key == std::string(STATE_KEYS[STATE_MODEL])) engine_.restore(&text, nullptr);
        if (key == std::string(STATE_KEYS[STATE_SHA256])) engine_.restore(nullptr, &text);
    }

    float getParameterValue(uint32_t index) const override { return engine_.value(index); }
    void setParameterValue(uint32_t index, float value) override {
        if (!plugin::is_output(index) && std::isfinite(value)) engine_.set(index, value);
    }

    void activate() override {
        resampler_.prepare(getSampleRate());
        setLatency(static_cast<uint32_t>(std::lround(resampler_.latency())));
        source_[0].resize(source_samples());
        source_[1].resize(source_samples());
        keys_.release_all();
        gate_.jump(is_always() ? 1.0F : 0.0F);
        level_.jump(amplitude(engine_.value(plugin::LEVEL)));
        width_.jump(engine_.value(plugin::WIDTH));
        if (is_bounce()) engine_.serve_now(true);
    }

    void deactivate() override { keys_.release_all(); }

    void sampleRateChanged(double) override {}  // the host activates anew

    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events,
             uint32_t count) override {
        if (is_bounce()) engine_.serve_now(false);
        uint32_t done = 0;
        for (uint32_t e = 0; e < count; ++e) {
            const uint32_t until = std::max(done, std::min(events[e].frame, frames));
            render(outputs, done, until);
            done = until;
            take(events[e]);
        }
        render(outputs, done, frames);
    }

  private:
    bool is_always() const { return engine_.value(plugin::PLAY) == plugin::ALWAYS; }
    bool is_bounce() const { return engine_.value(plugin::RENDER) == plugin::BOUNCE; }

    std::size_t source_samples() const { return resampler_.needs(CHUNK) + 2; }

    // Of a model that is alone: one of its controls, and after them its sliders.
    void init_knob(uint32_t knob, Parameter& parameter) {
        parameter.hints = kParameterIsAutomatable;
        parameter.symbol = ("knob_" + std::to_string(knob + 1)).c_str();
        parameter.name = ("Knob " + std::to_string(knob + 1)).c_str();
        parameter.ranges.def = 0.0F;
        parameter.ranges.min = -KNOB_REACH;
        parameter.ranges.max = KNOB_REACH;
        const distill::Metadata* model = engine_.alone();
        if (!model) return;
        const plugin::Lever lever = plugin::lever_of(*model, knob);
        const auto be = [&](const std::string& name, int least, int most) {
            parameter.name = name.c_str();
            parameter.ranges.min = static_cast<float>(least);
            parameter.ranges.max = static_cast<float>(std::max(most, least + 1));
        };
        if (lever.control) {
            be(lever.control->name, lever.control->safe_min_step, lever.control->safe_max_step);
        } else if (lever.slider) {
            const auto& slider = *lever.slider;
            be("Slider " + slider.label, std::max(slider.safe_min_step, slider.min_step),
               std::min(slider.safe_max_step, slider.max_step));
        }
        parameter.ranges.def = std::max(parameter.ranges.min, std::min(parameter.ranges.max, 0.0F));
    }

    void take(const MidiEvent& event) {
        if (event.size != 3) return;
        const uint8_t kind = event.data[0] & 0xF0, key = event.data[1] & 0x7F, value = event.data[2];
        if (kind == 0x90 && value > 0) {
            keys_.press(key, static_cast<float>(value) / 127.0F);
            if (!is_always()) {
                engine_.press(key);
                if (is_bounce()) engine_.serve_now(false);
            }
        } else if (kind == 0x80 || kind == 0x90) {
            keys_.release(key);
        } else if (kind == 0xB0 && (key == 120 || key == 123)) {  // all sound off, all notes off
            keys_.release_all();
            if (key == 120) gate_.jump(0.0F);
        }
    }

    void render(float** outputs, uint32_t from, uint32_t until) {
        while (from < until) {
            const uint32_t count = std::min(CHUNK, until - from);
            float* at[] = {outputs[0] + from, outputs[1] + from};
            if (resampler_.is_needed()) {
                float* source[] = {source_[0].data(), source_[1].data()};
                engine_.read(source, resampler_.needs(count));
                resampler_.run(source, at, count);
            } else {
                engine_.read(at, count);
            }
            shape(at, count);
            from += count;
        }
    }

    // Gate, level and width.
    void shape(float* const* outputs, uint32_t count) {
        const double rate_hz = getSampleRate();
        const float rise = plugin::per_sample(engine_.value(plugin::ATTACK), rate_hz);
        const float fall = plugin::per_sample(engine_.value(plugin::RELEASE), rate_hz);
        const float glide = plugin::per_sample(20.0F, rate_hz);
        gate_.send(is_always() ? 1.0F : keys_.is_any_held() ? keys_.velocity() : 0.0F);
        level_.send(amplitude(engine_.value(plugin::LEVEL)));
        width_.send(engine_.value(plugin::WIDTH));
        for (uint32_t i = 0; i < count; ++i) {
            const float gain = gate_.next(rise, fall) * level_.next(glide, glide);
            const float width = width_.next(glide, glide);
            float left = outputs[0][i], right = outputs[1][i];
            if (width != 1.0F) {
                const float mid = (left + right) * 0.5F, side = width * ((left - right) * 0.5F);
                left = mid + side;
                right = mid - side;
            }
            outputs[0][i] = left * gain;
            outputs[1][i] = right * gain;
        }
    }

    plugin::Engine engine_;
    plugin::Resampler resampler_;
    plugin::Keys keys_;
    plugin::Envelope gate_, level_, width_;
    std::array<std::vector<float>, 2> source_;

    DISTRHO_DECLARE_NON_COPYABLE(DistillPlugin)
};

Plugin* createPlugin() { return new DistillPlugin(); }

END_NAMESPACE_DISTRHO
