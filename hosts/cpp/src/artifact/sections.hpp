// The parts of an artifact's graph: the decoder, and the road from mel frames to sound
// (distill_runtime/artifact/known/sections.py).
//
// Only the decoder has a model's sizes in it. The road is the same for every model, but for how often
// "refined" repeats its pass: the repetitions are compared here, and one of them is written out.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/canonical.hpp"
#include "artifact/onnx_graph.hpp"
#include "artifact/scope.hpp"

namespace distill {
namespace detail {

// The nodes of the inner graph that stand there once for each pass.
struct Loop {
    std::ptrdiff_t start = 0;   // the first node of the first repetition that may be followed by another
    std::ptrdiff_t length = 0;  // nodes of a repetition
    std::ptrdiff_t nodes = 0;   // all of the inner graph's, with one repetition

    // How many repetitions a graph of so many nodes has beyond one.
    std::optional<std::ptrdiff_t> repetitions(std::ptrdiff_t count) const {
        const std::ptrdiff_t more = count - nodes;
        if (more < 0 || more % length) return std::nullopt;
        return more / length;
    }

    bool operator==(const Loop& other) const {
        return start == other.start && length == other.length && nodes == other.nodes;
    }
};

inline std::string node_text(std::ptrdiff_t node, std::size_t output) {
    return "node " + std::to_string(node) + "." + std::to_string(output);
}

// The inner graph with one repetition of what it repeats. A repetition takes values of the one before
// it, which stand as far before it whichever it is, or of what comes before them all. So does what
// follows the last one.
class InnerGraph {
  public:
    InnerGraph(const Scope& body, const std::optional<Loop>& loop, Refer outside)
        : body_(body), loop_(loop), outside_(std::move(outside)) {
        if (!loop_) return;
        const auto more = loop_->repetitions(static_cast<std::ptrdiff_t>(body.nodes.size()));
        if (!more) throw NoForm{"it does not repeat itself as it should"};
        more_ = *more;
        for (std::ptrdiff_t repetition = 1; repetition <= more_; ++repetition) compare(repetition);
    }

    // Write the nodes in order.
    void write(Form& form, FormWriter& writer) const {
        const auto count = static_cast<std::ptrdiff_t>(body_.nodes.size());
        const std::ptrdiff_t end = loop_ ? std::min(loop_->start + loop_->length, count) : count;
        const auto range = [&](std::ptrdiff_t from, std::ptrdiff_t to, const Refer& names) {
            for (std::ptrdiff_t i = from; i < to; ++i) writer.node(form, node(i), names, true);
        };
        range(0, end, names(0));
        if (loop_) range(end + more_ * loop_->length, count, names(more_));
    }

    // What names the values that are taken after the last repetition.
    Refer last_names() const { return names(more_); }

  private:
    const Node& node(std::ptrdiff_t index) const { return *body_.nodes[static_cast<std::size_t>(index)]; }

    Refer names(std::ptrdiff_t repetition) const {
        return [this, repetition](std::string_view name) {
            const ValuePlace* place = body_.place(name);
            if (!place) return "outer " + outside_(name);
            if (place->node < 0) return "inner input " + std::to_string(place->node);
            return "inner " + node_text(form_index(place->node, repetition), place->output);
        };
    }

    // Which node of the form stands for a node that a repetition refers to.
    std::ptrdiff_t form_index(std::ptrdiff_t index, std::ptrdiff_t repetition) const {
        if (!loop_) return index;
        const std::ptrdiff_t first = loop_->start - loop_->length, shift = loop_->length * repetition;
        if (index < first) return index;
        if (index < first + shift) throw NoForm{"a repetition takes from one that is not the last"};
        return index - shift;
    }

    // See that a repetition is as the first one.
    void compare(std::ptrdiff_t repetition) const {
        constexpr NoForm UNLIKE{"a repetition is unlike the first"};
        for (std::ptrdiff_t offset = 0; offset < loop_->length; ++offset) {
            const Node& first = node(loop_->start + offset);
            const Node& other = node(loop_->start + repetition * loop_->length + offset);
            const auto& outputs = other.outputs;
            if (first.op != other.op || first.domain != other.domain || !same_attributes(first, other) ||
                first.outputs.size() != outputs.size() || first.inputs.size() != other.inputs.size() ||
                other.surplus || std::find(outputs.begin(), outputs.end(), "mel") != outputs.end()) {
                throw UNLIKE;
            }
            for (std::size_t i = 0; i < first.inputs.size(); ++i) {
                if (!same_value(first.inputs[i], other.inputs[i], repetition)) throw UNLIKE;
            }
        }
    }

    static bool same_attributes(const Node& first, const Node& other) {
        return std::equal(
            first.attributes.begin(), first.attributes.end(), other.attributes.begin(),
            other.attributes.end(), [](const auto& a, const auto& b) { return *a == *b; });
    }

    bool same_value(std::string_view name, std::string_view other_name, std::ptrdiff_t repetition) const {
        const ValuePlace* place = body_.place(name);
        const ValuePlace* other = body_.place(other_name);
        if (!place && name == other_name) return true;
        if (!place || !other) return false;
        if (std::min(place->node, other->node) < 0) return *place == *other;
        return *place == ValuePlace{form_index(other->node, repetition), other->output};
    }

    const Scope& body_;
    const std::optional<Loop>& loop_;
    Refer outside_;
    std::ptrdiff_t more_ = 0;  // repetitions beyond one
};

// Writes the parts of one graph, which must outlive it.
class Sections {
  public:
    explicit Sections(const OnnxGraph& graph) : scope_(resolve(graph)) {
        const auto& nodes = scope_->nodes;
        const auto starts = [](const Node* node) {
            return node->op != "Shape" &&
                std::find(node->inputs.begin(), node->inputs.end(), "latents") != node->inputs.end();
        };
        start_ = std::find_if(nodes.begin(), nodes.end(), starts) - nodes.begin();
    }

    const Scope& scope() const { return *scope_; }
    std::ptrdiff_t inner_nodes() const {
        return scope_->body ? static_cast<std::ptrdiff_t>(scope_->body->nodes.size()) : 0;
    }

    // Return the form of the decoder, if it is `count` nodes long.
    Form decoder(std::ptrdiff_t count) {
        FormWriter writer(*scope_);
        const Refer refer = [this](std::string_view name) {
            const ValuePlace place = place_of(name);
            if (place.node >= start_) return node_text(place.node - start_, place.output);
            return std::string(name == "latents" ? "latents" : "outside");
        };
        Form form;
        const std::ptrdiff_t end = std::min(start_ + count, node_count());
        for (std::ptrdiff_t i = start_; i < end; ++i) writer.node(form, node(i), refer, false);
        used_ = writer.used();
        return form;
    }

    // Add the form of everything but the decoder, and return its arrays of floats. `decoder` must have
    // been called before: its constants are its own.
    std::vector<const Tensor*> road(Form& form, std::ptrdiff_t decoder_nodes, const std::optional<Loop>& loop) {
        const std::ptrdiff_t start = start_, end = start_ + decoder_nodes;
        FormWriter writer(*scope_);
        const Refer refer = [&](std::string_view name) {
            const ValuePlace place = place_of(name);
            if (place.node < 0) return "input " + std::string(name);
            if (place.node < start) return node_text(place.node, place.output);
            if (place.node >= end) return node_text(place.node - decoder_nodes, place.output);
            return std::string(place == ValuePlace{end - 1, 0} ? "decoder" : "inside the decoder");
        };
        std::map<std::string_view, std::string> letters;
        ends(form, letters);
        for (std::ptrdiff_t i = 0; i < node_count(); ++i) {
            if (i < start || i >= end) writer.node(form, node(i), refer, true);
        }
        for (const auto& item : scope_->graph->outputs.items()) {
            form.add("value " + std::string(item.first) + " " + refer(item.first));
        }
        if (const Scope* body = scope_->body.get()) {
            const InnerGraph inner(*body, loop, refer);
            form.add(std::string("inner graph"));
            add_types(form, body->graph->inputs, letters, false);
            inner.write(form, writer);
            add_types(form, body->graph->outputs, letters, false);
            const Refer names = inner.last_names();
            for (const auto& item : body->graph->outputs.items()) form.add(names(item.first));
        } else if (loop) {
            throw NoForm{"it has no inner graph"};
        }
        unused(form, writer);
        std::vector<const Tensor*> arrays;
        for (const auto& item : writer.arrays().items()) arrays.push_back(item.second);
        return arrays;
    }

  private:
    std::ptrdiff_t node_count() const { return static_cast<std::ptrdiff_t>(scope_->nodes.size()); }
    const Node& node(std::ptrdiff_t index) const { return *scope_->nodes[static_cast<std::size_t>(index)]; }

    ValuePlace place_of(std::string_view name) const {
        const ValuePlace* place = scope_->place(name);
        if (!place) throw NoForm{"a value comes from nowhere"};
        return *place;
    }

    // Add the tokens of inputs and outputs; the latent size is the decoder's.
    void ends(Form& form, std::map<std::string_view, std::string>& letters) const {
        const std::size_t first = form.tokens().size();
        add_types(form, scope_->graph->inputs, letters, true);
        add_types(form, scope_->graph->outputs, letters, true);
        const auto* latents = scope_->graph->inputs.find("latents");
        if (!latents || !*latents || (*latents)->shape.empty() || !(*latents)->shape.back()) return;
        const Token size = *(*latents)->shape.back();
        auto& tokens = form.tokens();
        *std::find(tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end(), size) = std::string("latent_dim");
    }

    // Add the constants that nobody uses. Their order says nothing: they are sorted as Python sorts its
    // lists' texts. Exporters have left shapes unused, of which no two are alike.
    void unused(Form& form, FormWriter& writer) const {
        std::vector<std::pair<std::string, std::vector<Token>>> constants;
        for (const auto& [name, tensor] : scope_->graph->initializers.items()) {
            if (writer.used().count(name) || used_.count(name)) continue;
            std::vector<Token> tokens = writer.constant(tensor, false, true);
            tokens.insert(tokens.begin(), std::string("unused"));
            std::string text = "[";
            for (const Token& token : tokens) {
                text += text.size() > 1 ? ", " : "";
                if (const auto* word = std::get_if<std::string>(&token)) text += "'" + *word + "'";
                else if (const auto* number = std::get_if<std::int64_t>(&token)) text += std::to_string(*number);
                else text += "Held(tensor=Tensor(name='" + std::string(name) + "'))";
            }
            constants.emplace_back(text + "]", std::move(tokens));
        }
        std::stable_sort(constants.begin(), constants.end(), [](const auto& a, const auto& b) {
            return a.first < b.first;
        });
        for (const auto& item : constants) form.add(item.second);
    }

    std::unique_ptr<Scope> scope_;
    std::ptrdiff_t start_ = 0;          // the decoder's first node
    std::set<std::string_view> used_;  // constants of the decoder that was written last
};

}  // namespace detail
}  // namespace distill
