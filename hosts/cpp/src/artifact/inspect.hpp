// Judging a whole artifact before onnxruntime sees it (distill_runtime/artifact/file.py).
//
// onnxruntime does not survive every graph, so it is given only graphs that distill-export wrote: a
// file chooses its weights, and they are checked for number, shape, type and finiteness.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/constants.hpp"
#include "artifact/known_graph.hpp"
#include "artifact/metadata.hpp"
#include "artifact/onnx_scan.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

constexpr std::size_t MAX_ARTIFACT_BYTES = 0x7FFFFFFF;  // what one protobuf message may hold

// See that a graph's inputs, or outputs, are those of the contract.
inline void check_ends(
    const char* kind, const Named<std::optional<TensorType>>& found,
    const std::vector<std::pair<std::string_view, TensorType>>& expected) {
    bool same = found.items().size() == expected.size();
    std::string names, expected_names;
    std::vector<std::string_view> sorted;
    for (const auto& item : found.items()) sorted.push_back(item.first);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < std::min<std::size_t>(sorted.size(), 6); ++i) {
        names += (i ? ", " : "") + in_quotes(sorted[i]);
    }
    if (sorted.size() > 6) names += ", ...";
    for (const auto& [name, type] : expected) {
        same = same && found.find(name);
        expected_names += (expected_names.empty() ? "" : ", ") + std::string(name);
    }
    if (!same) {
        throw ArtifactError(std::string("its ") + kind + "s are [" + names + "], not " + expected_names);
    }
    for (const auto& [name, type] : expected) {
        const std::optional<TensorType>& tensor = *found.find(name);
        if (!tensor || !tensor->is(type.element_type, type.shape)) {
            throw ArtifactError(
                std::string("its ") + kind + " " + in_quotes(name) + " has another type or shape than said");
        }
    }
}

// Hold a scan against the contract and return the metadata.
inline Metadata check_contract(const OnnxSummary& summary) {
    constexpr std::uint64_t MAX_IR_VERSION = 10, FIRST_OPSET = 18, LAST_OPSET = 20;
    const auto document = summary.metadata.find("distill.artifact");
    if (document == summary.metadata.end()) {
        throw ArtifactError("is an ONNX file, but not a Distill artifact");
    }
    Metadata metadata = read_metadata(document->second);
    if (summary.graphs != 1 || summary.functions || summary.training) {
        throw ArtifactError("it must hold one graph, no functions and no training information");
    }
    if (summary.external_data) throw ArtifactError("it refers to data outside the file");
    if (summary.ir_version > MAX_IR_VERSION) {
        throw ArtifactError(
            "it has ONNX IR version " + std::to_string(summary.ir_version) + ", at most " +
            std::to_string(MAX_IR_VERSION) + " is expected");
    }
    for (const auto& [domain, version] : summary.opsets) {
        if (!domain.empty() && domain != "ai.onnx") {
            throw ArtifactError("it uses the operator domain " + in_quotes(domain));
        }
        if (version < FIRST_OPSET || version > LAST_OPSET) {
            throw ArtifactError(
                "it has opset " + std::to_string(version) + ", " + std::to_string(FIRST_OPSET) + " to " +
                std::to_string(LAST_OPSET) + " is expected");
        }
    }
    constexpr std::nullopt_t ANY = std::nullopt;
    const auto latent_dim = static_cast<std::int64_t>(metadata.latent_dim);
    const TensorType state{FLOAT, {ANY, static_cast<std::int64_t>(metadata.state_size)}, {}};
    check_ends(
        "input", summary.graph.inputs,
        {{"finish", {BOOL, {}, {}}}, {"latents", {FLOAT, {ANY, ANY, latent_dim}, {}}}, {"state", state}});
    check_ends(
        "output", summary.graph.outputs, {{"audio", {FLOAT, {ANY, ANY}, {}}}, {"next_state", state}});
    return metadata;
}

inline void check_size(std::uintmax_t bytes) {
    if (bytes == 0) throw ArtifactError("is empty");
    if (bytes > MAX_ARTIFACT_BYTES) {
        throw ArtifactError("is larger than an artifact can be (" + std::to_string(bytes) + " bytes)");
    }
}

// Say of what is no ONNX file what it is, where that can be told.
inline void check_kind(std::string_view file) {
    check_size(file.size());
    if (file.substr(0, 4) == "PK\x03\x04") {
        throw ArtifactError(
            "is not an ONNX file but a zip, as model files are: make an artifact of it with distill-export");
    }
    const std::string_view start = file.substr(0, 64);
    const std::string_view text = start.substr(std::min(start.find_first_not_of(" \t\n\r\v\f"), start.size()));
    if (text.substr(0, 1) == "<" || text.substr(0, 4) == "\xEF\xBB\xBF<") {
        throw ArtifactError("is not an ONNX file but a page: distill-run plays the model in it, if it is one");
    }
}

// Judge a whole artifact in memory and return what it says of itself.
//
// Throws ArtifactError: it is not an artifact that this version plays. The sentence's subject is the
// file, which is to be named before it.
inline Metadata inspect(const std::uint8_t* data, std::size_t size) {
    try {
        const std::string_view file(reinterpret_cast<const char*>(data), size);
        check_kind(file);
        const OnnxSummary summary = scan_onnx(file);
        Metadata metadata = check_contract(summary);
        const KnownGraph graph = recognise(summary, metadata.latent_dim);
        check_agreement(graph, metadata);
        check_finite(summary.graph);
        check_arrays(graph);
        return metadata;
    } catch (const std::bad_alloc&) {
        throw ArtifactError("takes more memory to judge than there is");
    }
}

}  // namespace detail
}  // namespace distill
