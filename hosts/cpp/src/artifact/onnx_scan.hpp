// A scan of an ONNX file, enough to judge it before onnxruntime sees it
// (distill_runtime/artifact/scan/onnx_scan.py).

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "artifact/graph_reader.hpp"
#include "artifact/onnx_graph.hpp"
#include "artifact/protobuf.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

// What a scan found.
struct OnnxSummary {
    std::uint64_t ir_version = 0;
    std::string_view producer;
    std::map<std::string_view, std::uint64_t> opsets;  // domain -> version
    std::map<std::string_view, std::string_view> metadata;
    OnnxGraph graph;  // the last, if there are several
    std::size_t graphs = 0, functions = 0, training = 0;
    bool external_data = false;
    bool surplus = false;  // something that no exporter of ours writes
};

inline std::pair<std::string_view, std::uint64_t> read_opset(Bytes data, Budget& budget) {
    std::pair<std::string_view, std::uint64_t> opset{};
    for (const auto& [number, value] : read_fields(data, budget)) {
        if (number == 1) opset.first = text_of(value);
        else if (number == 2 && value.is_number()) opset.second = value.number;
    }
    return opset;
}

inline std::pair<std::string_view, std::string_view> read_entry(Bytes data, Budget& budget) {
    std::pair<std::string_view, std::string_view> entry;
    for (const auto& [number, value] : read_fields(data, budget)) {
        if (number == 1) entry.first = text_of(value);
        else if (number == 2) entry.second = text_of(value);
    }
    return entry;
}

// Scan a model. The file must outlive what is returned.
inline OnnxSummary scan_onnx(Bytes file) {
    constexpr std::size_t MAX_FIELDS = 200'000;
    constexpr const char* NO_MODEL = "it is not an ONNX model";
    Budget budget(MAX_FIELDS);
    GraphReader reader(budget);
    OnnxSummary summary;
    const auto take = [&](std::uint64_t number, const FieldValue& value) {
        if (number == 1 && value.is_number()) {
            summary.ir_version = value.number;
        } else if (number == 2 && value.is_bytes()) {
            summary.surplus |= !summary.producer.empty();
            summary.producer = text_of(value);
        } else if (number == 7 && value.is_message()) {
            ++summary.graphs;
            summary.graph = reader.graph({FieldValue::Kind::large, 0, value.bytes});
        } else if (number == 8 && value.is_bytes()) {
            const auto [domain, version] = read_opset(value.bytes, budget);
            const auto [place, is_new] = summary.opsets.try_emplace(domain, version);
            summary.surplus |= !is_new;
            place->second = std::max(place->second, version);
        } else if (number == 14 && value.is_message()) {
            const auto [key, content] = read_entry(load(value), budget);
            summary.surplus |= !summary.metadata.insert_or_assign(key, content).second;
        } else if (number == 20 && value.is_message()) {
            ++summary.training;
        } else if (number == 25 && value.is_message()) {
            ++summary.functions;
        } else if (number == 3 && value.is_bytes()) {
            // the producer's version
        } else if (
            ((number == 2 || number == 3 || number == 4 || number == 6 || number == 26) &&
             value.is_message()) ||
            (number == 5 && value.is_number())) {
            summary.surplus = true;  // domain, description, model version, devices
        } else {
            throw ArtifactError(NO_MODEL);
        }
    };
    each_field({FieldValue::Kind::large, 0, file}, budget, take);
    if (!summary.graphs || !summary.ir_version) throw ArtifactError(NO_MODEL);
    summary.external_data = reader.external_data();
    return summary;
}

}  // namespace detail
}  // namespace distill
