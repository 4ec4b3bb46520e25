// An ONNX graph as a file has it: nodes, attributes, tensors. All texts and bytes point into the file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/protobuf.hpp"

namespace distill {
namespace detail {

// TensorProto.DataType, of the types that an artifact may hold.
enum ElementType { FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9, FLOAT16 = 10, DOUBLE = 11 };

// Bytes of an element; 0 of a type that no artifact holds.
inline std::size_t item_bytes(std::int64_t element_type) {
    switch (element_type) {
        case UINT8: case INT8: case BOOL: return 1;
        case FLOAT16: return 2;
        case FLOAT: case INT32: return 4;
        case INT64: case DOUBLE: return 8;
        default: return 0;
    }
}

// Values by name, in the order in which names first came.
template <class T>
class Named {
  public:
    // Set a value; return whether the name is new.
    bool set(std::string_view name, T value) {
        const auto [place, is_new] = places_.try_emplace(name, items_.size());
        if (is_new) items_.emplace_back(name, std::move(value));
        else items_[place->second].second = std::move(value);
        return is_new;
    }

    const T* find(std::string_view name) const {
        const auto found = places_.find(name);
        return found == places_.end() ? nullptr : &items_[found->second].second;
    }

    // How many names came before this one, which must be there.
    std::size_t place(std::string_view name) const { return places_.find(name)->second; }

    const std::vector<std::pair<std::string_view, T>>& items() const { return items_; }

  private:
    std::vector<std::pair<std::string_view, T>> items_;
    std::map<std::string_view, std::size_t> places_;
};

// A graph's input or output.
struct TensorType {
    std::int64_t element_type = 0;
    std::vector<std::optional<std::int64_t>> shape;  // without a value: dynamic
    std::vector<std::string_view> letters;           // of each dimension, or empty

    bool is(std::int64_t type, const std::vector<std::optional<std::int64_t>>& expected) const {
        return element_type == type && shape == expected;
    }
};

// A constant of the file.
struct Tensor {
    std::string_view name;
    std::int64_t element_type = 0;
    std::vector<std::int64_t> dims;  // none below 0
    std::optional<FieldValue> raw;   // little-endian bytes; without a value: held in another way
    bool surplus = false;

    // How many elements the dimensions make; without a value: more than any file holds.
    std::optional<std::uint64_t> size() const {
        std::uint64_t size = 1;
        bool is_beyond = false;
        for (const std::int64_t length : dims) {
            if (length == 0) return 0;
            is_beyond |= size > (std::uint64_t{1} << 40) / static_cast<std::uint64_t>(length);
            if (!is_beyond) size *= static_cast<std::uint64_t>(length);
        }
        if (is_beyond) return std::nullopt;
        return size;
    }

    Bytes raw_bytes() const { return raw ? raw->bytes : Bytes(); }
};

struct OnnxGraph;

// A node's setting. Its value is of one kind, which `kind` names (AttributeProto's fields).
struct Attribute {
    std::string_view name;
    std::string_view kind;
    std::int64_t integer = 0;                // of "i"
    Bytes bytes;                             // of "f" and "s"
    std::vector<std::int64_t> integers;      // of "ints"
    std::shared_ptr<const OnnxGraph> graph;  // of "g"
    bool surplus = false;

    // Whether another one says the same; never of one that holds a graph or a tensor.
    bool operator==(const Attribute& other) const {
        return kind != "g" && kind != "t" && name == other.name && kind == other.kind &&
            integer == other.integer && bytes == other.bytes && integers == other.integers &&
            surplus == other.surplus;
    }
};

// An operator at work.
struct Node {
    std::string_view op;
    std::string_view domain;
    std::vector<std::string_view> inputs;
    std::vector<std::string_view> outputs;
    std::vector<std::shared_ptr<const Attribute>> attributes;
    bool surplus = false;
};

// Nodes in the file's order, and what they work on.
struct OnnxGraph {
    std::vector<Node> nodes;
    Named<Tensor> initializers;
    Named<std::optional<TensorType>> inputs;  // without a value: not a tensor
    Named<std::optional<TensorType>> outputs;
    bool is_ambiguous = false;  // one name stands for two constants, inputs or outputs
    bool surplus = false;
};

}  // namespace detail
}  // namespace distill
