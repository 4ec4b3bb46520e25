// A graph's canonical form: what is left of it without names, weights and repetition
// (distill_runtime/artifact/known/canonical.py, whose hashes these are to the byte).
//
// The form is a list of tokens in the order of the nodes: a text is structure, a number is an
// attribute's, a size or a small constant's, and a tensor stands for what a constant holds. Values are
// named by who computes them; constants are written out where they are used.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "artifact/letters.hpp"
#include "artifact/onnx_graph.hpp"
#include "artifact/scope.hpp"
#include "artifact/sha256.hpp"

namespace distill {
namespace detail {

using Token = std::variant<std::string, std::int64_t, const Tensor*>;

// The tokens of a form, of which no known one has nearly as many: a small file in which constants of
// many dimensions are used again and again would have more than fit in memory.
class Form {
  public:
    void add(Token token) {
        if (tokens_.size() == MAX_TOKENS) throw NoForm{"it is larger than any that is known"};
        tokens_.push_back(std::move(token));
    }
    void add(const std::vector<Token>& tokens) {
        for (const Token& token : tokens) add(token);
    }

    std::vector<Token>& tokens() { return tokens_; }
    const std::vector<Token>& tokens() const { return tokens_; }

  private:
    static constexpr std::size_t MAX_TOKENS = 300'000;
    std::vector<Token> tokens_;
};

inline std::string hex_digits(Bytes bytes) {
    std::string digits;
    for (const char byte : bytes) {
        digits += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
        digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
    }
    return digits;
}

// What a constant holds in few letters: a number, one number many times, or a hash.
inline std::string held_text(const Tensor& tensor) {
    const Bytes data = tensor.raw ? load(*tensor.raw) : Bytes();
    const Bytes item = data.substr(0, item_bytes(tensor.element_type));
    // A number many times is itself, moved on by one.
    const bool is_uniform = data.substr(0, data.size() - item.size()) == data.substr(item.size());
    return is_uniform ? "all " + hex_digits(item) : sha256_hex(data);
}

// Returns what a value is called.
using Refer = std::function<std::string(std::string_view)>;

// Writes nodes as tokens.
class FormWriter {
  public:
    explicit FormWriter(const Scope& scope) : scope_(scope) {}

    // Write a node of this graph, or of the one inside; `numbered` tells one array of floats from
    // another.
    void node(Form& form, const Node& node, const Refer& refer, bool numbered) {
        if (node.surplus || !node.domain.empty()) {
            throw NoForm{"a node holds more than an operator and its attributes"};
        }
        form.add(std::string(node.op));
        std::vector<const Attribute*> attributes;
        for (const auto& attribute : node.attributes) attributes.push_back(attribute.get());
        std::stable_sort(attributes.begin(), attributes.end(), [](const Attribute* a, const Attribute* b) {
            return a->name < b->name;
        });
        for (const Attribute* setting : attributes) attribute(form, *setting);
        for (const std::string_view name : node.inputs) {
            const Tensor* tensor = name.empty() ? nullptr : scope_.constant(name);
            if (!tensor) {
                form.add(name.empty() ? std::string("nothing") : refer(name));
                continue;
            }
            used_.insert(tensor->name);
            auto written = written_.find(name);
            if (written == written_.end()) {
                const bool is_half = scope_.halves.count(name) != 0;
                written = written_.emplace(name, constant(*tensor, is_half, numbered)).first;
            }
            form.add(written->second);
        }
        form.add("-> " + std::to_string(node.outputs.size()));
        if (std::find(node.outputs.begin(), node.outputs.end(), "mel") != node.outputs.end()) {
            form.add(std::string("mel"));
        }
    }

    // Return a constant's tokens.
    std::vector<Token> constant(const Tensor& tensor, bool is_half, bool numbered) {
        constexpr std::size_t INLINE = 16;  // integers that are written out: shapes, axes, indices
        const std::int64_t kind = is_half ? std::int64_t{FLOAT} : tensor.element_type;
        std::vector<Token> tokens = {
            "constant " + std::to_string(kind) + " " + std::to_string(tensor.dims.size())};
        tokens.insert(tokens.end(), tensor.dims.begin(), tensor.dims.end());
        if ((kind == FLOAT || kind == FLOAT16 || kind == DOUBLE) && !tensor.dims.empty()) {
            if (!numbered) return tokens;
            if (is_half) throw NoForm{"a constant of signal processing is not held in full"};
            if (!arrays_.find(tensor.name)) arrays_.set(tensor.name, &tensor);
            tokens.push_back("array " + std::to_string(arrays_.place(tensor.name)));
        } else if ((kind == INT64 || kind == BOOL) && tensor.dims.size() < 2 && *tensor.size() <= INLINE) {
            const Bytes data = tensor.raw_bytes();
            const std::size_t width = item_bytes(kind);
            tokens.push_back(std::to_string(data.size() / width));
            for (std::size_t at = 0; at < data.size(); at += width) tokens.push_back(integer(data.substr(at, width)));
        } else {
            tokens.push_back(&tensor);
        }
        return tokens;
    }

    // Arrays of floats, in the order of their first use.
    const Named<const Tensor*>& arrays() const { return arrays_; }
    const std::set<std::string_view>& used() const { return used_; }

  private:
    static void attribute(Form& form, const Attribute& attribute) {
        const std::string_view kind = attribute.kind;
        if (attribute.surplus) throw NoForm{"an attribute holds more than one value"};
        form.add(std::string(attribute.name) + ":" + std::string(kind));
        if (kind == "i") {
            form.add(attribute.integer);
        } else if (kind == "f" || kind == "s") {
            form.add(hex_digits(attribute.bytes));
        } else if (kind == "ints") {
            form.add(std::to_string(attribute.integers.size()));
            for (const std::int64_t number : attribute.integers) form.add(number);
        } else if (kind != "g") {
            throw NoForm{"an attribute is of a kind that no exporter writes"};
        }
    }

    // A number of one or eight bytes, little-endian, in two's complement.
    static std::int64_t integer(Bytes bytes) {
        std::uint64_t value = 0;
        for (std::size_t i = bytes.size(); i--;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
        if (bytes.size() == 1) return static_cast<std::int64_t>(value) - (value >= 0x80 ? 0x100 : 0);
        return signed_number(value);
    }

    const Scope& scope_;
    Named<const Tensor*> arrays_;
    std::set<std::string_view> used_;
    std::map<std::string_view, std::vector<Token>> written_;  // of constants, by what they are called
};

// Add the tokens of a graph's inputs or outputs. `letters` says what a dimension's name is called
// here, and what is new is added; `named` says whether the values' own names matter.
inline void add_types(
    Form& form, const Named<std::optional<TensorType>>& values,
    std::map<std::string_view, std::string>& letters, bool named) {
    for (const auto& [name, type] : values.items()) {
        if (!type) throw NoForm{"an input or output is not a tensor"};
        form.add(
            "value " + std::string(named ? name : "") + " " + std::to_string(type->element_type) + " " +
            std::to_string(type->shape.size()));
        for (std::size_t i = 0; i < type->shape.size(); ++i) {
            const std::string_view letter = type->letters[i];
            // Those of the contract; other dimensions' names say nothing.
            if (letter.empty() || letter == "batch" || letter == "steps" || letter == "samples") {
                form.add(std::string(letter));
            } else {
                form.add(letters.try_emplace(letter, "size " + std::to_string(letters.size())).first->second);
            }
            if (type->shape[i]) form.add(*type->shape[i]);
            else form.add(std::string("any"));
        }
    }
}

// A text so that no other token, nor several, can look the same: some are the file's.
inline std::string delimited(const std::string& text) {
    return std::to_string(count_letters(text)) + ":" + text;
}

// The hash of a form's texts alone, by which a structure is looked up.
inline std::string skeleton_of(const std::vector<Token>& tokens) {
    Sha256 hash;
    for (const Token& token : tokens) {
        const auto* text = std::get_if<std::string>(&token);
        hash.update(text ? delimited(*text) : "#");
    }
    return hash.hex().substr(0, 16);
}

// What stands in place of numbers that are a file's to choose, by their index.
using Replaced = std::map<std::size_t, std::string>;

// The hash of a form. What constants hold is hashed once and kept in `held`.
inline std::string digest_of(
    const std::vector<Token>& tokens, const Replaced& replaced, std::map<const Tensor*, std::string>& held) {
    Sha256 hash;
    for (std::size_t index = 0; index < tokens.size(); ++index) {
        const auto other = replaced.find(index);
        if (other != replaced.end()) {
            hash.update("?" + other->second + ";");
        } else if (const auto* text = std::get_if<std::string>(&tokens[index])) {
            hash.update(delimited(*text));
        } else if (const auto* number = std::get_if<std::int64_t>(&tokens[index])) {
            hash.update("#" + std::to_string(*number) + ";");
        } else {
            const Tensor* tensor = std::get<const Tensor*>(tokens[index]);
            const auto [place, is_new] = held.try_emplace(tensor);
            if (is_new) place->second = held_text(*tensor);
            hash.update("#" + place->second + ";");
        }
    }
    return hash.hex();
}

}  // namespace detail
}  // namespace distill
