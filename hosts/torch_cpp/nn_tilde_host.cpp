// Plays an artifact for nn~ into a WAV, calling it as nn~ does in Max and in Pure Data.
//
//     nn_tilde_host MODEL.ts METHOD OUT.wav [--block N] [--seconds S] [--inlet I:VALUE]...
//                   [--set NAME:VALUE]... [--at SECONDS]
//
// What follows `--at` is done when so much has been played: --inlet and --set before it hold from
// the beginning. README.md beside it says how to build it. A .ts is a program that runs here: load
// only files that you trust.

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "wav.hpp"

// A method as an object sees it: so many inlets, a value of each for `in_ratio` samples.
struct Method {
    std::string name;
    int64_t inlets, in_ratio, outlets, out_ratio;
};

std::vector<std::string> strings(const c10::IValue& list) {
    std::vector<std::string> texts;
    for (const c10::IValue& text : list.toListRef()) texts.push_back(text.toStringRef());
    return texts;
}

struct Model {
    explicit Model(const std::string& path) {
        if (!std::ifstream(path)) throw Misuse(path + " does not exist or cannot be read");
        try {
            module = torch::jit::load(path, at::kCPU);
        } catch (const std::exception&) {  // libtorch's own words are a page long
            throw Misuse(path + " is no TorchScript file, or it is damaged");
        }
        module.eval();
        if (!module.find_method("get_methods") || !module.find_method("get_attributes"))
            throw Misuse(path + " is a TorchScript file, but has no methods for nn~");
        methods = strings(module.get_method("get_methods")({}));
        attributes = strings(module.get_method("get_attributes")({}));
    }

    Method method(const std::string& name) {
        require(methods, name, "method");
        const auto sizes = module.attr(name + "_params").toTensor();
        const auto size = [&sizes](int i) { return sizes[i].item<int64_t>(); };
        return {name, size(0), size(1), size(2), size(3)};
    }

    // The least block: an object takes no shorter one, whichever method it plays.
    int64_t largest_ratio() {
        int64_t largest = 1;
        for (const auto& name : methods) {
            const auto found = method(name);
            largest = std::max({largest, found.in_ratio, found.out_ratio});
        }
        return largest;
    }

    // A message comes as text; what the attribute is says its type.
    void set(const std::string& name, const std::string& text) {
        require(attributes, name, "attribute");
        const auto type = module.attr(name + "_params").toTensor()[0].item<int64_t>();
        const c10::IValue value = type == 1 ? c10::IValue(int64_t(std::stoi(text)))
                                            : c10::IValue(double(std::stof(text)));
        if (module.get_method("set_" + name)({value}).toInt() != 0)
            throw std::runtime_error(name + " cannot be " + text);
    }

    std::string get(const std::string& name) {
        const auto value = module.get_method("get_" + name)({}).toTupleRef().elements()[0];
        return value.isInt() ? std::to_string(value.toInt()) : std::to_string(value.toDouble());
    }

    // `signals` has a row of samples for each inlet; of each ratio's samples the last one counts.
    at::Tensor perform(const Method& method, const std::vector<std::vector<float>>& signals) {
        c10::InferenceMode guard;
        const auto samples = static_cast<int64_t>(signals[0].size());
        std::vector<at::Tensor> rows;
        for (const auto& signal : signals)
            rows.push_back(at::from_blob(const_cast<float*>(signal.data()), {1, 1, samples}));
        auto input = at::cat(rows, 1).reshape({1, method.inlets, -1, method.in_ratio});
        const auto output = module.get_method(method.name)({input.select(-1, -1)}).toTensor();
        const auto played = output.repeat_interleave(method.out_ratio, 2);
        if (played.sizes() != at::IntArrayRef({1, method.outlets, samples}))
            throw std::runtime_error(method.name + " returned a block of another size");
        return played.clone();
    }

    static void require(const std::vector<std::string>& names, const std::string& name,
                        const std::string& what) {
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        std::string known;
        for (const auto& other : names) known += (known.empty() ? "" : ", ") + other;
        throw Misuse("there is no " + what + " " + name + ", expected one of " + known);
    }

    torch::jit::Module module;
    std::vector<std::string> methods, attributes;
};

// A move of the hands: an inlet, or an attribute, from a time on.
struct Move {
    double at_s;
    bool is_inlet;
    std::string name, value;
};

void play(const std::vector<std::string>& names, int64_t block, double seconds,
          const std::vector<Move>& moves) {
    Model model(names[0]);
    const Method method = model.method(names[1]);
    if (block < model.largest_ratio() || (block & (block - 1)))
        throw Misuse("--block needs a power of two from " + std::to_string(model.largest_ratio()));
    const int64_t samples = std::llround(seconds * 48000);
    std::vector<std::vector<float>> signals(method.inlets, std::vector<float>(block, 0.0f));
    Wav wav(names[2], 0, samples);
    size_t done = 0;
    for (int64_t start = 0; start < samples; start += block) {
        for (; done < moves.size() && moves[done].at_s * 48000 <= start; ++done) {
            const Move& move = moves[done];
            if (!move.is_inlet) {
                model.set(move.name, move.value);
                continue;
            }
            const auto inlet = option_value("--inlet", move.name.c_str(), 0, method.inlets - 1);
            const float value = option_value("--inlet", move.value.c_str(), -HUGE_VAL, HUGE_VAL);
            auto& signal = signals[static_cast<size_t>(inlet)];
            std::fill(signal.begin(), signal.end(), value);
        }
        wav.write(model.perform(method, signals));
    }
    for (const auto& name : model.attributes) std::cout << name << " " << model.get(name) << "\n";
}

int main(int, char** arguments) {
    return run("nn_tilde_host", [&] {
        std::vector<std::string> names;
        std::vector<Move> moves;
        int64_t block = 2048;
        double seconds = 5, at_s = 0;
        while (*++arguments) {
            const std::string word = *arguments;
            if (word.rfind("--", 0) != 0) {
                names.push_back(word);
                continue;
            }
            const std::string text = arguments[1] ? *++arguments : "";
            const auto colon = text.find(':');
            if (word == "--block") block = option_value(word, text.c_str(), 1, 1 << 20);
            else if (word == "--seconds") seconds = option_value(word, text.c_str(), 0.001, 3600);
            else if (word == "--at") at_s = option_value(word, text.c_str(), at_s, 3600);
            else if (word != "--inlet" && word != "--set") throw Misuse("there is no option " + word);
            else if (colon == std::string::npos) throw Misuse(word + " needs NAME:VALUE");
            else moves.push_back({at_s, word == "--inlet", text.substr(0, colon),
                                  text.substr(colon + 1)});
        }
        if (names.size() != 3)
            throw Misuse("usage: MODEL.ts METHOD OUT.wav [--block N] [--seconds S] "
                         "[--inlet I:VALUE] [--set NAME:VALUE] [--at SECONDS]");
        play(names, block, seconds, moves);
    });
}
