// A host without a screen: it loads a CLAP and does what lines of its standard input say.
//
//     clap_host PLUGIN.clap < LINES
//
//     activate RATE BLOCK      processing begins; BLOCK is the largest block
//     set ID VALUE             a parameter's event, in the next block
//     on KEY VELOCITY          a key's, VELOCITY from 0 to 1
//     off KEY
//     play BLOCKS FRAMES FILE  process as fast as it goes; samples of both channels go into FILE, "-"
//                              for none
//     pace BLOCKS FRAMES FILE  the same in the time that the sound takes
//     watch ID VALUE SECONDS   process in that time until a parameter that is only read has a value
//     get ID                   print a parameter's value and text
//     list                     print all parameters
//     save FILE, restore FILE  the state
//     reset                    processing ends
//
// With tests/hosts/plugin/counters.cpp preloaded, `play` and `pace` print what processing called
// that an audio thread must not call.

#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "clap/entry.h"
#include "clap/ext/params.h"
#include "clap/ext/state.h"
#include "clap/plugin-factory.h"

namespace {

using Clock = std::chrono::steady_clock;

const void* no_extension(const clap_host_t*, const char*) { return nullptr; }
void ignore(const clap_host_t*) {}

union Event {
    clap_event_header_t header;
    clap_event_note_t note;
    clap_event_param_value_t value;
};

uint32_t events_size(const clap_input_events_t* list) {
    return static_cast<uint32_t>(static_cast<std::vector<Event>*>(list->ctx)->size());
}
const clap_event_header_t* events_get(const clap_input_events_t* list, uint32_t index) {
    return &(*static_cast<std::vector<Event>*>(list->ctx))[index].header;
}
bool take_none(const clap_output_events_t*, const clap_event_header_t*) { return true; }

// Of counters.cpp, if it is there.
void (*count_begin)() = nullptr;
unsigned long (*count_end)(const char**) = nullptr;

class Host {
  public:
    explicit Host(const std::string& path) {
        void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) throw std::runtime_error(dlerror());
        entry_ = static_cast<const clap_plugin_entry_t*>(dlsym(library, "clap_entry"));
        if (!entry_ || !entry_->init(path.c_str())) throw std::runtime_error("no CLAP");
        const auto* factory =
            static_cast<const clap_plugin_factory_t*>(entry_->get_factory(CLAP_PLUGIN_FACTORY_ID));
        host_ = {CLAP_VERSION, nullptr, "test", "", "", "1", no_extension, ignore, ignore, ignore};
        const auto* about = factory->get_plugin_descriptor(factory, 0);
        plugin_ = factory->create_plugin(factory, &host_, about->id);
        if (!plugin_ || !plugin_->init(plugin_)) throw std::runtime_error("the plug-in does not begin");
        params_ = static_cast<const clap_plugin_params_t*>(
            plugin_->get_extension(plugin_, CLAP_EXT_PARAMS));
        state_ = static_cast<const clap_plugin_state_t*>(plugin_->get_extension(plugin_, CLAP_EXT_STATE));
    }

    ~Host() {
        reset();
        plugin_->destroy(plugin_);
        entry_->deinit();
    }

    void run(const std::string& line) {
        std::istringstream words(line);
        std::string verb, file;
        words >> verb;
        double id = 0, value = 0, seconds = 0;
        if (verb == "activate") {
            words >> rate_hz_ >> value;
            plugin_->activate(plugin_, rate_hz_, 1, static_cast<uint32_t>(value));
            plugin_->start_processing(plugin_);
            is_active_ = true;
        } else if (verb == "set") {
            words >> id >> value;
            Event event{};
            event.value.header = header(sizeof event.value, CLAP_EVENT_PARAM_VALUE);
            event.value.param_id = static_cast<clap_id>(id);
            event.value.note_id = event.value.port_index = event.value.channel = event.value.key = -1;
            event.value.value = value;
            events_.push_back(event);
        } else if (verb == "on" || verb == "off") {
            words >> id >> value;
            Event event{};
            event.note.header =
                header(sizeof event.note, verb == "on" ? CLAP_EVENT_NOTE_ON : CLAP_EVENT_NOTE_OFF);
            event.note.note_id = -1;
            event.note.key = static_cast<int16_t>(id);
            event.note.velocity = value;
            events_.push_back(event);
        } else if (verb == "play" || verb == "pace") {
            words >> id >> value >> file;
            play(static_cast<int>(id), static_cast<uint32_t>(value), file, verb == "pace");
        } else if (verb == "watch") {
            words >> id >> value >> seconds;
            watch(static_cast<clap_id>(id), value, seconds);
        } else if (verb == "get") {
            words >> id;
            print(static_cast<clap_id>(id));
        } else if (verb == "list") {
            for (uint32_t i = 0; i < params_->count(plugin_); ++i) {
                clap_param_info_t info{};
                params_->get_info(plugin_, i, &info);
                std::printf("parameter %u|%s|%g|%g|%g\n", info.id, info.name, info.min_value,
                            info.max_value, info.default_value);
            }
        } else if (verb == "save" || verb == "restore") {
            words >> file;
            const bool is_done = verb == "save" ? save(file) : restore(file);
            if (!is_done) throw std::runtime_error(line + ": refused");
        } else if (verb == "reset") {
            reset();
        } else if (!verb.empty()) {
            throw std::runtime_error(line + ": unknown");
        }
        std::fflush(stdout);
    }

  private:
    static clap_event_header_t header(std::size_t size, uint16_t type) {
        return {static_cast<uint32_t>(size), 0, CLAP_CORE_EVENT_SPACE_ID, type, CLAP_EVENT_IS_LIVE};
    }

    void process(float* left, float* right, uint32_t frames) {
        float* channels[] = {left, right};
        clap_audio_buffer_t output{};
        output.data32 = channels;
        output.channel_count = 2;
        const clap_input_events_t in{&events_, events_size, events_get};
        const clap_output_events_t out{nullptr, take_none};
        clap_process_t call{};
        call.steady_time = -1;
        call.frames_count = frames;
        call.audio_outputs = &output;
        call.audio_outputs_count = 1;
        call.in_events = &in;
        call.out_events = &out;
        if (count_begin) count_begin();
        plugin_->process(plugin_, &call);
        if (count_end) {
            const char* name = nullptr;
            calls_ += count_end(&name);
            if (name) last_call_ = name;
        }
        events_.clear();
    }

    void play(int blocks, uint32_t frames, const std::string& file, bool is_paced) {
        std::vector<float> left(blocks * frames), right(blocks * frames);
        const auto begin = Clock::now();
        double worst_s = 0.0;
        calls_ = 0;
        for (int block = 0; block < blocks; ++block) {
            if (is_paced) {
                std::this_thread::sleep_until(
                    begin + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(double(block) * frames / rate_hz_)));
            }
            const auto called = Clock::now();
            process(&left[block * frames], &right[block * frames], frames);
            worst_s = std::max(worst_s, std::chrono::duration<double>(Clock::now() - called).count());
        }
        std::printf("played calls=%lu last=%s worst_ms=%.3f\n", calls_, last_call_.c_str(), 1e3 * worst_s);
        if (file == "-") return;
        std::ofstream out(file, std::ios::binary);
        for (const auto* channel : {&left, &right}) {
            out.write(reinterpret_cast<const char*>(channel->data()),
                      static_cast<std::streamsize>(channel->size() * sizeof(float)));
        }
    }

    void watch(clap_id id, double wanted, double seconds) {
        std::vector<float> samples(512);
        const auto begin = Clock::now();
        double value = -1;
        while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds) {
            process(samples.data(), &samples[256], 256);
            params_->get_value(plugin_, id, &value);
            if (value == wanted) break;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        print(id);
    }

    void print(clap_id id) {
        double value = 0;
        char text[256] = "";
        params_->get_value(plugin_, id, &value);
        params_->value_to_text(plugin_, id, value, text, sizeof text);
        std::printf("value %u|%.9g|%s\n", id, value, text);
    }

    bool save(const std::string& file) {
        std::ofstream out(file, std::ios::binary);
        const clap_ostream_t stream{&out, [](const clap_ostream_t* to, const void* data, uint64_t size) {
            static_cast<std::ofstream*>(to->ctx)->write(
                static_cast<const char*>(data), static_cast<std::streamsize>(size));
            return static_cast<int64_t>(size);
        }};
        return state_->save(plugin_, &stream);
    }

    bool restore(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        const clap_istream_t stream{&in, [](const clap_istream_t* from, void* data, uint64_t size) {
            auto* stream = static_cast<std::ifstream*>(from->ctx);
            stream->read(static_cast<char*>(data), static_cast<std::streamsize>(size));
            return static_cast<int64_t>(stream->gcount());
        }};
        return state_->load(plugin_, &stream);
    }

    void reset() {
        if (!is_active_) return;
        plugin_->stop_processing(plugin_);
        plugin_->deactivate(plugin_);
        is_active_ = false;
    }

    const clap_plugin_entry_t* entry_ = nullptr;
    clap_host_t host_{};
    const clap_plugin_t* plugin_ = nullptr;
    const clap_plugin_params_t* params_ = nullptr;
    const clap_plugin_state_t* state_ = nullptr;
    std::vector<Event> events_;
    double rate_hz_ = 48'000.0;
    bool is_active_ = false;
    unsigned long calls_ = 0;
    std::string last_call_ = "none";
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return std::fprintf(stderr, "usage: clap_host PLUGIN.clap < LINES\n"), 2;
    count_begin = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "count_begin"));
    count_end = reinterpret_cast<unsigned long (*)(const char**)>(dlsym(RTLD_DEFAULT, "count_end"));
    try {
        Host host(arguments[1]);
        for (std::string line; std::getline(std::cin, line);) host.run(line);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
