// Streams a seed's sound from a TorchScript artifact into a WAV, step by step, in constant memory.
//
//     distill_stream MODEL.ts OUT.wav [--seed N] [--seconds S] [--one-shot]
//
// README.md beside it says how to build it. A TorchScript file is a program that runs here: load
// only files that you trust.

#include <torch/script.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "arguments.hpp"
#include "wav.hpp"

struct Model {
    torch::jit::Module module;
    int64_t latent_dim, state_size, latency_samples;
};

// A number of the metadata. They are compact JSON, in which a name with its quotes and its colon
// cannot be part of a text: there, every quote has a backslash before it.
int64_t number(const std::string& metadata, const std::string& name) {
    const auto found = metadata.find("\"" + name + "\":");
    if (found == std::string::npos) throw Misuse("the metadata lack " + name);
    return std::strtoll(metadata.c_str() + found + name.size() + 3, nullptr, 10);
}

Model load(const std::string& path) {
    if (!std::ifstream(path)) throw Misuse(path + " does not exist or cannot be read");
    torch::jit::ExtraFilesMap extra{{"distill.artifact", ""}};
    Model model;
    try {
        model.module = torch::jit::load(path, torch::kCPU, extra);
    } catch (const std::exception&) {  // libtorch's own words are a page long
        throw Misuse(path + " is no TorchScript file, or it is damaged");
    }
    const std::string& metadata = extra["distill.artifact"];
    if (metadata.empty()) throw Misuse(path + " is a TorchScript file, but not a Distill artifact");
    if (const auto version = number(metadata, "version"); version != 1)
        throw Misuse(path + " has contract version " + std::to_string(version) + ", not 1");
    model.latent_dim = number(metadata, "latent_dim");
    model.state_size = number(metadata, "state_size");
    model.latency_samples = number(metadata, "latency_samples");
    return model;
}

// Along the arc between two vectors; nearly parallel ones are joined by a straight line.
torch::Tensor slerp(const torch::Tensor& a, const torch::Tensor& b, double t) {
    const auto x = a.to(torch::kFloat64), y = b.to(torch::kFloat64);
    const double cosine = (x * y).sum().item<double>() / (x.norm() * y.norm()).item<double>();
    if (!(std::abs(cosine) <= 0.9995))
        return static_cast<float>(1 - t) * a + static_cast<float>(t) * b;
    const double angle = std::acos(cosine), sine = std::sin(angle);
    return static_cast<float>(std::sin((1 - t) * angle) / sine) * a +
           static_cast<float>(std::sin(t * angle) / sine) * b;
}

// A seed's way through latent space, as Distill goes it: an anchor for each second begun, a step
// every 47 frames of 512 samples at 48 kHz, until chunks of 94 frames cover the sound.
struct Walk {
    Walk(uint64_t seed, double seconds, int64_t dim) : dim(dim) {
        torch::manual_seed(seed);
        const auto chunks = static_cast<int64_t>(std::ceil(seconds));
        steps = (chunks * 48000 / 512 + 1 - 94 + 46) / 47 + 1;
        anchors = std::max<int64_t>(2, chunks);
        before = torch::randn({1, dim});
        after = torch::randn({1, dim});
    }

    // Step i, `[1, 1, dim]`, for i = 0, 1, 2 and so on.
    torch::Tensor step(int64_t i) {
        const double place = steps == 1 ? 0.0 : double(i) / double(steps - 1) * double(anchors - 1);
        const auto wanted = std::min(static_cast<int64_t>(place), anchors - 2);
        for (; anchor < wanted; ++anchor) {
            before = after;
            after = torch::randn({1, dim});
        }
        return slerp(before, after, place - double(wanted)).view({1, 1, dim});
    }

    int64_t dim, steps, anchors, anchor = 0;
    torch::Tensor before, after;
};

void stream(const std::string& path, const std::string& output, uint64_t seed, double seconds,
            bool one_shot) {
    torch::NoGradGuard no_grad;
    Model model = load(path);
    Walk walk(seed, seconds, model.latent_dim);
    Wav wav(output, model.latency_samples, std::llround(seconds * 48000));
    torch::Tensor state = torch::zeros({1, model.state_size});  // zeros start a stream
    const auto play = [&](const torch::Tensor& latents, bool finish) {
        const auto outputs =
            model.module.forward({latents, state, torch::tensor(finish)}).toTuple();
        wav.write(outputs->elements()[0].toTensor());
        state = outputs->elements()[1].toTensor();
    };
    std::vector<torch::Tensor> steps;
    for (int64_t i = 0; i < walk.steps; ++i) {
        if (one_shot) steps.push_back(walk.step(i));
        else play(walk.step(i), i == walk.steps - 1);
    }
    if (one_shot) play(torch::cat(steps, 1), true);
}

int main(int, char** arguments) {
    return run("distill_stream", [&] {
        std::vector<std::string> files;
        double seed = 0, seconds = 5;
        bool one_shot = false;
        while (*++arguments) {
            const std::string word = *arguments;
            if (word == "--seed")
                seed = std::trunc(option_value(word, *++arguments, 0, 4294967295));
            else if (word == "--seconds") seconds = option_value(word, *++arguments, 0.001, 3600);
            else if (word == "--one-shot") one_shot = true;
            else if (word.rfind("--", 0) == 0) throw Misuse("there is no option " + word);
            else files.push_back(word);
        }
        if (files.size() != 2)
            throw Misuse("usage: MODEL.ts OUT.wav [--seed N] [--seconds S] [--one-shot]");
        stream(files[0], files[1], static_cast<uint64_t>(seed), seconds, one_shot);
    });
}
