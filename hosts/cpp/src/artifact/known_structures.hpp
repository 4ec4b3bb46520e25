// What distill-export writes: for every version the hash of each canonical form, and what must stand
// where a model chooses (distill_runtime/artifact/known/known_structures.json, which is built in).

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/json.hpp"
#include "artifact/json_fields.hpp"
#include "artifact/sections.hpp"
#include "known_structures_json.hpp"  // built from the JSON file

namespace distill {
namespace detail {

constexpr const char* FREE = "free";  // what a constant holds is the model's

// What an array of signal processing is recognised by: sums of it, each with other signs. Not by a
// hash: another machine's cosine, or its inverse of a matrix, rounds otherwise.
struct Fingerprint {
    std::vector<std::int64_t> dims;
    std::optional<std::vector<double>> sums;  // without a value: what it holds is the model's to choose
    double tolerance = 0.0;                   // how far each sum may be off
};

// A decoder, whose numbers at some places must be a product such as `8*channels1`.
struct KnownDecoder {
    bool integers = false;
    std::ptrdiff_t nodes = 0;
    std::string sha256;
    Replaced slots;
};

// Roads that differ in how often they repeat a pass, and in constants.
struct KnownFamily {
    std::string reconstruction;
    std::size_t latency_samples = 0;
    std::ptrdiff_t inner_nodes = 0;
    std::optional<Loop> loop;
    std::vector<std::string> arrays;
};

struct KnownRoad {
    std::size_t family = 0;
    Replaced free;
    std::string sha256;
};

struct KnownStructures {
    std::map<std::string, std::vector<KnownDecoder>> decoders;  // by the hash of their texts
    std::map<std::string, std::vector<KnownRoad>> roads;
    std::vector<KnownFamily> families;
    std::map<std::string, Fingerprint> arrays;
    std::set<std::ptrdiff_t> decoder_nodes;
    std::vector<std::pair<std::optional<Loop>, std::ptrdiff_t>> inner_graphs;  // nodes where nothing repeats
};

inline KnownFamily read_family(const JsonFields& fields) {
    constexpr std::int64_t MANY = std::int64_t{1} << 31;
    KnownFamily family;
    family.reconstruction = fields.text("reconstruction");
    family.latency_samples = fields.size("latency_samples", 0, MANY);
    family.inner_nodes = static_cast<std::ptrdiff_t>(fields.integer("inner_nodes", 0, MANY));
    if (const auto loop = fields.optional_section("loop")) {
        const auto number = [&](const char* key) {
            return static_cast<std::ptrdiff_t>(loop->integer(key, 1, MANY));
        };
        family.loop = Loop{number("start"), number("length"), number("nodes")};
    }
    for (const Json& name : *fields.get("arrays").as<Json::Array>()) {
        family.arrays.push_back(*name.as<std::string>());
    }
    return family;
}

inline KnownDecoder read_decoder(const JsonFields& fields) {
    KnownDecoder decoder;
    decoder.integers = fields.boolean("integers");
    decoder.nodes = static_cast<std::ptrdiff_t>(fields.integer("nodes", 1, 1 << 30));
    decoder.sha256 = fields.text("sha256");
    for (const JsonMember& slot : fields.section("slots").members()) {
        decoder.slots.emplace(std::stoul(slot.key), *slot.value.as<std::string>());
    }
    return decoder;
}

inline KnownRoad read_road(const JsonFields& fields) {
    KnownRoad road;
    road.family = fields.size("family", 0, 1 << 30);
    road.sha256 = fields.text("sha256");
    for (const Json& index : *fields.get("free").as<Json::Array>()) {
        road.free.emplace(static_cast<std::size_t>(*index.as<JsonNumber>()->whole), FREE);
    }
    return road;
}

inline Fingerprint read_fingerprint(const JsonFields& fields) {
    Fingerprint print;
    for (const double length : fields.numbers("dims")) print.dims.push_back(static_cast<std::int64_t>(length));
    if (!fields.contains(FREE)) {
        print.sums = fields.numbers("sums");
        print.tolerance = fields.number("tolerance");
    }
    return print;
}

inline KnownStructures read_known_structures() {
    constexpr const char* DOCUMENT = "known_structures.json";
    const std::string_view text(
        reinterpret_cast<const char*>(KNOWN_STRUCTURES_JSON), sizeof KNOWN_STRUCTURES_JSON);
    const Json json = JsonReader(text, DOCUMENT).read();
    const JsonFields fields(json, "", DOCUMENT);
    KnownStructures known;
    for (const JsonFields& family : fields.sections("families")) {
        known.families.push_back(read_family(family));
        const KnownFamily& read = known.families.back();
        const auto inner = std::make_pair(read.loop, read.inner_nodes);
        if (std::find(known.inner_graphs.begin(), known.inner_graphs.end(), inner) == known.inner_graphs.end()) {
            known.inner_graphs.push_back(inner);
        }
    }
    const JsonFields decoders = fields.section("decoders"), roads = fields.section("roads");
    for (const JsonMember& member : decoders.members()) {
        for (const JsonFields& decoder : decoders.sections(member.key)) {
            known.decoders[member.key].push_back(read_decoder(decoder));
            known.decoder_nodes.insert(known.decoders[member.key].back().nodes);
        }
    }
    for (const JsonMember& member : roads.members()) {
        for (const JsonFields& road : roads.sections(member.key)) {
            known.roads[member.key].push_back(read_road(road));
        }
    }
    const JsonFields arrays = fields.section("arrays");
    for (const JsonMember& member : arrays.members()) {
        known.arrays.emplace(member.key, read_fingerprint(arrays.section(member.key)));
    }
    return known;
}

// What is known, read once.
inline const KnownStructures& known_structures() {
    static const KnownStructures known = read_known_structures();
    return known;
}

}  // namespace detail
}  // namespace distill
