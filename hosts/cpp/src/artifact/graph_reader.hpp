// Reading a graph from protobuf, by onnx.proto's field numbers
// (distill_runtime/artifact/scan/graph_reader.py).
//
// Nothing is judged here but the wire format. What is in the file and is no part of an `OnnxGraph` is
// noted as surplus, so that who wants to know all of a graph can tell that there is more.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/onnx_graph.hpp"
#include "artifact/protobuf.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

class GraphReader {
  public:
    explicit GraphReader(Budget& budget) : budget_(budget) {}

    OnnxGraph graph(const FieldValue& value, int depth = 0) {
        if (depth > MAX_DEPTH) throw ArtifactError("its graph is nested too deeply");
        OnnxGraph graph;
        each_field(value, budget_, [&](std::uint64_t number, const FieldValue& part) {
            if (number == 1) {
                graph.nodes.push_back(node(load(part), depth));
            } else if (number == 5 && part.is_message()) {
                Tensor constant = tensor(part);
                const std::string_view name = constant.name;
                graph.is_ambiguous |= !graph.initializers.set(name, std::move(constant));
            } else if ((number == 11 || number == 12) && part.is_message()) {
                auto [name, type] = this->value(load(part));
                auto& values = number == 11 ? graph.inputs : graph.outputs;
                graph.is_ambiguous |= !values.set(name, std::move(type));
            } else if (number == 15 && part.is_message()) {
                graph.surplus = true;
                read_sparse(part);
            } else if (number != 2) {  // its name, which says nothing
                graph.surplus = true;
            }
        });
        return graph;
    }

    bool external_data() const { return external_data_; }  // whether a tensor points out of the file

  private:
    static constexpr int MAX_DEPTH = 8;  // of graphs within the attributes of nodes

    // AttributeProto's fields that hold a value: from number 2 on, in the order of its AttributeType.
    static std::string_view kind_of(std::uint64_t number) {
        static constexpr std::string_view KINDS[] = {
            "f", "i", "s", "t", "g", "floats", "ints", "strings", "tensors", "graphs"};
        return number >= 2 && number <= 11 ? KINDS[number - 2] : std::string_view();
    }
    static bool is_repeated(std::uint64_t number) { return number >= 7; }

    Node node(Bytes data, int depth) {
        Node node;
        for (const auto& [number, value] : read_fields(data, budget_)) {
            if (number == 1) {
                node.inputs.push_back(text_of(value));
            } else if (number == 2) {
                node.outputs.push_back(text_of(value));
            } else if (number == 4) {
                node.surplus |= !node.op.empty();
                node.op = text_of(value);
            } else if (number == 5 && value.is_bytes()) {
                node.attributes.push_back(attribute(value.bytes, depth));
            } else if (number == 7) {
                node.surplus |= !node.domain.empty();
                node.domain = text_of(value);
            } else if (number != 3) {  // its name, which says nothing
                node.surplus = true;
            }
        }
        if (node.domain == "ai.onnx") node.domain = {};
        return node;
    }

    // Those of the same bytes are read once.
    std::shared_ptr<const Attribute> attribute(Bytes data, int depth) {
        const auto known = attributes_.find(data);
        if (known != attributes_.end()) return known->second;
        auto read = std::make_shared<const Attribute>(read_attribute(data, depth));
        if (read->kind != "g" && read->kind != "t") attributes_.emplace(data, read);
        return read;
    }

    Attribute read_attribute(Bytes data, int depth) {
        Attribute attribute;
        std::uint64_t declared = 0, held = 0;  // the number of the field that holds its value
        for (const auto& [number, value] : read_fields(data, budget_)) {
            if (number == 1) {
                attribute.surplus |= !attribute.name.empty();
                attribute.name = text_of(value);
            } else if (number == 20 && value.is_number()) {
                attribute.surplus |= declared != 0;
                declared = value.number;
            } else if (kind_of(number).empty()) {
                attribute.surplus = true;
                if ((number == 22 || number == 23) && value.is_bytes()) {
                    attribute.kind = "sparse";
                    held = number;
                    read_sparse(value);
                }
            } else {
                attribute.surplus |= held != 0 && !(held == number && is_repeated(number));
                attribute.kind = kind_of(number);
                held = number;
                read_value(attribute, number, value, depth);
            }
        }
        attribute.surplus |= held < 2 || held > 11 || declared != held - 1;
        return attribute;
    }

    void read_value(Attribute& attribute, std::uint64_t number, const FieldValue& value, int depth) {
        const std::string_view kind = kind_of(number);
        if (kind == "i" && value.is_number()) {
            attribute.integer = signed_number(value.number);
        } else if (kind == "f" && value.is_fixed() && value.bytes.size() == 4) {
            attribute.bytes = value.bytes;
        } else if (kind == "s" && value.is_bytes()) {
            attribute.bytes = value.bytes;
        } else if (kind == "ints") {
            append_integers(attribute.integers, value, budget_);
        } else if ((kind == "t" || kind == "tensors") && value.is_bytes()) {
            tensor(value);
        } else if ((kind == "g" || kind == "graphs") && value.is_bytes()) {
            attribute.graph = std::make_shared<const OnnxGraph>(graph(value, depth + 1));
        } else if (!(kind == "strings" && value.is_bytes()) &&
                   !(kind == "floats" && (value.is_fixed() || value.is_bytes()))) {
            throw_damaged();
        }
    }

    // Read the tensors of a sparse one: its values and its indices.
    void read_sparse(const FieldValue& value) {
        each_field(value, budget_, [&](std::uint64_t number, const FieldValue& part) {
            if ((number == 1 || number == 2) && part.is_message()) tensor(part);
        });
    }

    Tensor tensor(const FieldValue& value) {
        Tensor tensor;
        each_field(value, budget_, [&](std::uint64_t number, const FieldValue& part) {
            if (number == 1) {
                append_integers(tensor.dims, part, budget_);
            } else if (number == 2 && part.is_number()) {
                tensor.surplus |= tensor.element_type != 0;
                tensor.element_type = int32(part.number);
            } else if (number == 5 || number == 7) {  // integers that are not raw
                tensor.surplus = true;
                std::vector<std::int64_t> numbers;
                if (!part.is_large()) append_integers(numbers, part, budget_);
            } else if (number == 8) {
                tensor.surplus |= !tensor.name.empty();
                tensor.name = text_of(part);
            } else if (number == 9 && part.is_message()) {
                tensor.surplus |= tensor.raw.has_value();
                tensor.raw = part;
            } else {
                tensor.surplus = true;
                constexpr std::uint64_t EXTERNAL = 1;  // TensorProto.DataLocation
                external_data_ |=
                    number == 13 || (number == 14 && part.is_number() && part.number == EXTERNAL);
            }
        });
        for (const std::int64_t length : tensor.dims) {
            if (length < 0) throw_damaged();
        }
        return tensor;
    }

    std::pair<std::string_view, std::optional<TensorType>> value(Bytes data) {
        std::string_view name;
        std::optional<TensorType> type;
        for (const auto& [number, part] : read_fields(data, budget_)) {
            if (number == 1) {
                name = text_of(part);
            } else if (number == 2 && part.is_bytes()) {
                for (const auto& [kind, tensor] : read_fields(part.bytes, budget_)) {
                    if (kind != 1 || !tensor.is_bytes()) continue;
                    if (type) throw_damaged();  // protobuf would make one of the two
                    type = tensor_type(tensor.bytes);
                }
            }
        }
        return {name, std::move(type)};
    }

    TensorType tensor_type(Bytes data) {
        TensorType type;
        for (const auto& [number, value] : read_fields(data, budget_)) {
            if (number == 1 && value.is_number()) {
                type.element_type = int32(value.number);
            } else if (number == 2 && value.is_bytes()) {
                for (const auto& [inner, dimension] : read_fields(value.bytes, budget_)) {
                    if (inner == 1 && dimension.is_bytes()) read_dimension(dimension.bytes, type);
                }
            }
        }
        return type;
    }

    void read_dimension(Bytes data, TensorType& type) {
        std::optional<std::int64_t> length;
        std::string_view letter;
        for (const auto& [number, value] : read_fields(data, budget_)) {
            if (number == 1 && value.is_number()) {
                length = signed_number(value.number);
            } else if (number == 2) {
                letter = text_of(value);
            }
        }
        type.shape.push_back(length);
        type.letters.push_back(letter);
    }

    // A number of 32 bits: protobuf cuts off what is above them.
    static std::int64_t int32(std::uint64_t value) {
        using Limits = std::numeric_limits<std::int32_t>;
        const std::int64_t number = signed_number(value);
        if (number < Limits::min() || number > Limits::max()) throw_damaged();
        return number;
    }

    Budget& budget_;
    std::map<Bytes, std::shared_ptr<const Attribute>> attributes_;
    bool external_data_ = false;
};

}  // namespace detail
}  // namespace distill
