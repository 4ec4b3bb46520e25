// A graph whose names are resolved: who computes each value, and which constants there are
// (distill_runtime/artifact/known/canonical.py).

#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "artifact/onnx_graph.hpp"

namespace distill {
namespace detail {

// What is thrown, and not further than known_graph.hpp, where a graph has something in it that no
// exporter writes.
struct NoForm {
    const char* reason;
};

// Who computes a value: a node by its index, or a graph's input (a negative one).
struct ValuePlace {
    std::ptrdiff_t node;
    std::size_t output;

    bool operator==(const ValuePlace& other) const { return node == other.node && output == other.output; }
};

// It points into the graph, which must outlive it.
struct Scope {
    const OnnxGraph* graph = nullptr;
    std::vector<const Node*> nodes;
    std::map<std::string_view, const Tensor*> constants;
    std::map<std::string_view, ValuePlace> places;
    std::set<std::string_view> halves;  // constants that stand for their float16 cast
    std::unique_ptr<Scope> body;        // of the one Scan

    const Tensor* constant(std::string_view name) const {
        const auto found = constants.find(name);
        return found == constants.end() ? nullptr : found->second;
    }
    const ValuePlace* place(std::string_view name) const {
        const auto found = places.find(name);
        return found == places.end() ? nullptr : &found->second;
    }
    bool has(std::string_view name) const { return constant(name) || place(name); }
};

// Return the weight that a node makes float32 of, if it does nothing else.
inline const Tensor* half_weight(const Node& node, const OnnxGraph& graph) {
    if (node.op != "Cast" || node.inputs.size() != 1 || node.outputs.size() != 1) return nullptr;
    const Tensor* tensor = graph.initializers.find(node.inputs[0]);
    if (!tensor || tensor->element_type != FLOAT16 || node.surplus || !node.domain.empty()) return nullptr;
    if (node.attributes.size() != 1) return nullptr;
    const Attribute& to = *node.attributes[0];
    const bool fits = to.name == "to" && to.kind == "i" && to.integer == FLOAT && !to.surplus;
    return fits ? tensor : nullptr;
}

inline std::unique_ptr<Scope> resolve_names(const OnnxGraph& graph) {
    constexpr NoForm AMBIGUOUS{"a name stands for two things"};
    auto scope = std::make_unique<Scope>();
    scope->graph = &graph;
    const auto define = [&](std::string_view name, ValuePlace place) {
        if (name.empty() || scope->has(name)) throw AMBIGUOUS;
        scope->places.emplace(name, place);
    };
    for (const auto& [name, tensor] : graph.initializers.items()) scope->constants.emplace(name, &tensor);
    std::ptrdiff_t input = 0;
    for (const auto& item : graph.inputs.items()) define(item.first, {--input, 0});
    for (const Node& node : graph.nodes) {
        if (const Tensor* half = half_weight(node, graph)) {
            if (scope->has(node.outputs[0])) throw AMBIGUOUS;
            scope->constants.emplace(node.outputs[0], half);
            scope->halves.insert(node.outputs[0]);
            continue;
        }
        const auto index = static_cast<std::ptrdiff_t>(scope->nodes.size());
        for (std::size_t i = 0; i < node.outputs.size(); ++i) define(node.outputs[i], {index, i});
        scope->nodes.push_back(&node);
    }
    return scope;
}

// Resolve a graph's names, and those of its one Scan.
inline std::unique_ptr<Scope> resolve(const OnnxGraph& graph) {
    if (graph.is_ambiguous) throw NoForm{"a name stands for two things"};
    if (graph.surplus) throw NoForm{"it holds more than nodes and constants"};
    auto scope = resolve_names(graph);
    std::vector<const OnnxGraph*> bodies;
    for (const Node& node : graph.nodes) {
        for (const auto& attribute : node.attributes) {
            if (attribute->kind == "g") bodies.push_back(attribute->graph.get());
        }
    }
    if (bodies.size() > 1) throw NoForm{"it holds several graphs"};
    for (const OnnxGraph* body : bodies) {
        if (body->surplus || body->is_ambiguous || !body->initializers.items().empty()) {
            throw NoForm{"its inner graph holds more than nodes"};
        }
        scope->body = resolve_names(*body);
        for (const auto& item : scope->body->places) {
            if (scope->has(item.first)) throw NoForm{"a name stands for two things"};
        }
    }
    constexpr std::size_t MAX_RANK = 8;
    for (const auto& item : graph.initializers.items()) {
        const Tensor& tensor = item.second;
        const auto size = tensor.size();
        const std::size_t width = item_bytes(tensor.element_type);
        if (!width || tensor.surplus || tensor.dims.size() > MAX_RANK || !size || tensor.raw_bytes().size() != width * *size) {
            throw NoForm{"a constant is not held as exporters hold it"};
        }
    }
    return scope;
}

}  // namespace detail
}  // namespace distill
