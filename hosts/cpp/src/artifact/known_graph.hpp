// Recognising a graph as one that distill-export writes: onnxruntime is given no other
// (distill_runtime/artifact/known/known_graph.py).

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/canonical.hpp"
#include "artifact/json_fields.hpp"
#include "artifact/known_structures.hpp"
#include "artifact/onnx_scan.hpp"
#include "artifact/sections.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

// A graph that was recognised.
struct KnownGraph {
    std::string reconstruction;
    std::size_t latency_samples = 0;
    bool integers = false;  // whether its decoder is one of integers
    bool halves = false;    // whether some of its weights are float16
    // The constants of signal processing, and what they must be.
    std::vector<std::pair<const Tensor*, const Fingerprint*>> arrays;
};

// The sizes that a decoder chooses, by name.
using Sizes = std::map<std::string, std::int64_t, std::less<>>;

// a * b of numbers above 0; without a value: beyond 64 bits.
inline std::optional<std::int64_t> product(std::optional<std::int64_t> a, std::int64_t b) {
    if (!a || *a > std::numeric_limits<std::int64_t>::max() / b) return std::nullopt;
    return *a * b;
}

// The factors of an expression such as `8*channels1`.
inline std::vector<std::string_view> factors_of(std::string_view expression) {
    std::vector<std::string_view> factors;
    while (true) {
        const std::size_t end = expression.find('*');
        factors.push_back(expression.substr(0, end));
        if (end == std::string_view::npos) return factors;
        expression.remove_prefix(end + 1);
    }
}

inline bool is_decimal(std::string_view factor) {
    return !factor.empty() && factor.find_first_not_of("0123456789") == std::string_view::npos;
}

// The value of an expression; without one if a size in it is not there, or it is beyond 64 bits.
inline std::optional<std::int64_t> evaluate(std::string_view expression, const Sizes& sizes) {
    std::optional<std::int64_t> value = 1;
    for (const std::string_view factor : factors_of(expression)) {
        if (is_decimal(factor)) {
            value = product(value, std::stoll(std::string(factor)));
        } else {
            const auto size = sizes.find(factor);
            if (size == sizes.end()) return std::nullopt;
            value = product(value, size->second);
        }
    }
    return value;
}

// The sizes that a decoder chooses, if its numbers are all that follows from them.
inline std::optional<Sizes> sizes_of(
    const std::vector<Token>& tokens, const Replaced& slots, std::size_t latent_dim) {
    Sizes sizes{{"latent_dim", static_cast<std::int64_t>(latent_dim)}};
    for (const auto& [index, expression] : slots) {
        if (index >= tokens.size()) return std::nullopt;
        const auto factors = factors_of(expression);
        const std::string name(factors.back());
        const auto* number = std::get_if<std::int64_t>(&tokens[index]);
        if (sizes.count(name) || name == FREE || factors.size() > 2 || !number) continue;
        if (factors.size() == 2 && !is_decimal(factors[0])) continue;
        const std::int64_t factor = factors.size() == 2 ? std::stoll(std::string(factors[0])) : 1;
        if (*number < 1 || *number % factor) return std::nullopt;
        sizes.emplace(name, *number / factor);
    }
    for (const auto& [index, expression] : slots) {
        const Token& token = tokens[index];
        if (std::holds_alternative<const Tensor*>(token) != (expression == FREE)) return std::nullopt;
        if (expression == FREE) continue;
        const auto* number = std::get_if<std::int64_t>(&token);
        const auto expected = evaluate(expression, sizes);
        if (!number || !expected || *number != *expected) return std::nullopt;
    }
    return sizes;
}

// See that no layer is too large to compute.
inline void check_sizes(const Sizes& sizes) {
    // Of a layer, for one step: twenty times what Distill's models have.
    constexpr std::int64_t MAX_LAYER_VALUES = std::int64_t{1} << 22;
    constexpr std::int64_t BASE_HEIGHT = 4;
    const auto area = product(BASE_HEIGHT, sizes.find("base_width")->second);
    std::int64_t growth = 1;
    for (int layer = 0; layer <= 5; ++layer, growth *= 4) {
        const auto channels = sizes.find("channels" + std::to_string(layer));
        const std::int64_t count = layer == 5 ? 2 : channels == sizes.end() ? 1 : channels->second;
        const auto values = product(product(area, count), growth);
        if (!values || *values > MAX_LAYER_VALUES) {
            throw ArtifactError(
                "a layer of its decoder has " + (values ? std::to_string(*values) : "countless") +
                " values for each step, at most " + std::to_string(MAX_LAYER_VALUES) +
                " are played: use a narrower model");
        }
    }
}

// What a road's form begins with: the versions of ONNX that the file is written in.
inline void add_head(Form& form, const OnnxSummary& summary) {
    form.add("IR " + std::to_string(summary.ir_version));
    std::string opsets;
    for (const auto& [domain, version] : summary.opsets) {
        opsets += (opsets.empty() ? "" : ", ") + ("('" + std::string(domain)) + "', " + std::to_string(version) + ")";
    }
    form.add("opsets [" + opsets + "]");
}

// Recognises one graph.
class Recogniser {
  public:
    explicit Recogniser(const OnnxSummary& summary)
        : summary_(summary), known_(known_structures()), sections_(summary.graph) {}

    KnownGraph recognise(std::size_t latent_dim) {
        const KnownDecoder& decoder = find_decoder(latent_dim);
        for (const auto& [loop, plain] : known_.inner_graphs) {
            const std::ptrdiff_t inner = sections_.inner_nodes();
            if (loop ? !loop->repetitions(inner) : inner != plain) continue;
            Form form;
            add_head(form, summary_);
            std::vector<const Tensor*> arrays;
            try {
                arrays = sections_.road(form, decoder.nodes, loop);
            } catch (const NoForm&) {
                continue;  // it may be another loop's
            }
            if (const KnownFamily* family = find_family(form.tokens(), loop)) {
                return known_graph(*family, decoder, arrays);
            }
        }
        throw NoForm{"its road from mel frames to sound is not known"};
    }

  private:
    const KnownDecoder& find_decoder(std::size_t latent_dim) {
        for (const std::ptrdiff_t count : known_.decoder_nodes) {
            const Form form = sections_.decoder(count);
            const auto entries = known_.decoders.find(skeleton_of(form.tokens()));
            if (entries == known_.decoders.end()) continue;
            for (const KnownDecoder& decoder : entries->second) {
                const auto sizes = sizes_of(form.tokens(), decoder.slots, latent_dim);
                if (!sizes || digest_of(form.tokens(), decoder.slots, held_) != decoder.sha256) continue;
                check_sizes(*sizes);
                return decoder;
            }
        }
        throw NoForm{"its decoder is not known"};
    }

    const KnownFamily* find_family(const std::vector<Token>& tokens, const std::optional<Loop>& loop) {
        const auto candidates = known_.roads.find(skeleton_of(tokens));
        if (candidates == known_.roads.end()) return nullptr;
        for (const KnownRoad& road : candidates->second) {
            const KnownFamily& family = known_.families.at(road.family);
            if (family.loop == loop && digest_of(tokens, road.free, held_) == road.sha256) return &family;
        }
        return nullptr;
    }

    KnownGraph known_graph(
        const KnownFamily& family, const KnownDecoder& decoder, const std::vector<const Tensor*>& arrays) const {
        const Scope& scope = sections_.scope();
        // A hash of this many arrays was found, so there are as many.
        KnownGraph graph{family.reconstruction, family.latency_samples, decoder.integers, !scope.halves.empty(), {}};
        for (std::size_t i = 0; i < arrays.size(); ++i) {
            graph.arrays.emplace_back(arrays[i], &known_.arrays.at(family.arrays.at(i)));
        }
        return graph;
    }

    const OnnxSummary& summary_;
    const KnownStructures& known_;
    Sections sections_;
    std::map<const Tensor*, std::string> held_;  // what constants hold, where that was asked
};

// Recognise a graph. Throws ArtifactError: it is not known, or one of its layers is too large.
inline KnownGraph recognise(const OnnxSummary& summary, std::size_t latent_dim) {
    try {
        const bool is_more = summary.surplus || summary.metadata.size() > 1 ||
            (summary.metadata.size() == 1 && !summary.metadata.count("distill.artifact"));
        if (is_more || summary.producer != "distill-export") {
            throw NoForm{"the file holds more than an exporter writes"};
        }
        return Recogniser(summary).recognise(latent_dim);
    } catch (const NoForm& reason) {
        throw ArtifactError(
            std::string("unknown structure (") + reason.reason +
            "): update this program, or export it again with the version of distill-portable that it is "
            "made for");
    }
}

// See that a file's metadata says what its graph is.
inline void check_agreement(const KnownGraph& graph, const Metadata& metadata) {
    const auto disagree = [](const char* name, const std::string& found, const std::string& expected) {
        throw ArtifactError(
            std::string("its metadata has ") + name + " " + found + ", its graph " + expected +
            ": export it again");
    };
    if (metadata.reconstruction != graph.reconstruction) {
        disagree("reconstruction", in_quotes(metadata.reconstruction), in_quotes(graph.reconstruction));
    }
    const std::string precision = graph.integers ? "int8" : graph.halves ? "float16" : "float32";
    // Small weights are kept in float32, whatever is asked for.
    const bool is_small = precision == "float32" && metadata.precision == "float16";
    if (metadata.precision != precision && !is_small) {
        disagree("precision", in_quotes(metadata.precision), in_quotes(precision));
    }
    if (metadata.latency_samples != graph.latency_samples) {
        disagree(
            "latency_samples", std::to_string(metadata.latency_samples), std::to_string(graph.latency_samples));
    }
}

}  // namespace detail
}  // namespace distill
