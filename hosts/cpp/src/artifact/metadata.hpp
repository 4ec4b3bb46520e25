// The metadata document of an artifact: every field is checked, what a host needs is kept
// (distill_runtime/contract/metadata.py, model_info.py, measurements.py).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "artifact/json.hpp"
#include "artifact/json_fields.hpp"
#include "artifact/metadata_controls.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

constexpr std::int64_t MANY_ITEMS = std::int64_t{1} << 31;   // of what is counted in a document
constexpr std::int64_t MANY_BYTES = std::int64_t{1} << 53;

inline void read_model(const JsonFields& fields, Metadata& metadata) {
    const JsonFields dataset = fields.section("dataset"), training = fields.section("training");
    fields.text("id");
    metadata.name = fields.text("name");
    metadata.description = fields.text("description");
    dataset.text("name");
    dataset.integer("file_count", 0, MANY_BYTES);
    dataset.number("duration_s");
    training.text("date");
    training.integer("epochs", 0, MANY_BYTES);
    for (const char* loss : {"train_loss", "validation_loss"}) {
        if (!training.is_null(loss)) training.number(loss);
    }
    fields.text("saved_at");
    fields.texts("tags");
}

// The sound's grid, of which this version of the contract fixes the most.
inline void check_audio(const JsonFields& fields) {
    fields.integer("sample_rate_hz", SAMPLE_RATE_HZ, SAMPLE_RATE_HZ);
    fields.integer("n_fft", 2, 1 << 20);
    fields.integer("hop_length", 512, 512);
    fields.integer("n_mels", 1, 4096);
    fields.integer("chunk_frames", 94, 94);
    fields.integer("hop_frames", 47, 47);
}

inline void check_precision_loss(const JsonFields& fields) {
    fields.number("mel_snr_db");
    fields.number("log_mel_distance_db");
    fields.integer("latents", 0, MANY_ITEMS);
    fields.integer("weight_bytes", 0, MANY_BYTES);
    fields.integer("float32_weight_bytes", 0, MANY_BYTES);
    fields.number("decoder_speed_ratio");
    fields.number("speed_ratio");
    if (!fields.is_null("warning")) fields.text("warning");
}

inline void check_numbers(const JsonFields& fields, std::initializer_list<const char*> keys) {
    for (const char* key : keys) fields.number(key);
}

inline void check_test_vector(const JsonFields& fields) {
    fields.integer("seed", 0, 0xFFFFFFFF);
    fields.integer("steps", 1, 1000);
    fields.integer("start", 0, MANY_ITEMS);
    fields.numbers("audio");
    fields.number("tolerance_db");
}

inline Metadata read_metadata_fields(const JsonFields& fields, const char* document) {
    constexpr std::int64_t MIN_LATENT_DIM = 16, MAX_LATENT_DIM = 4096;
    constexpr std::int64_t MAX_STATE_SIZE = 1 << 24, MAX_LATENCY_SAMPLES = 1 << 20;
    Metadata metadata;
    metadata.latent_dim = fields.size("latent_dim", MIN_LATENT_DIM, MAX_LATENT_DIM);
    const auto section_if_there = [&](const char* key) {
        return fields.contains(key) ? std::optional(fields.section(key)) : std::nullopt;
    };
    const auto loss = section_if_there("precision_loss");
    const auto normalization = fields.optional_section("normalization");
    const auto bank = fields.optional_section("sliders");
    const auto controls = fields.contains("controls") ? fields.sections("controls") : std::vector<JsonFields>();
    const auto landmarks = section_if_there("landmarks");
    read_model(fields.section("model"), metadata);
    check_audio(fields.section("audio"));
    metadata.state_size = fields.size("state_size", 1, MAX_STATE_SIZE);
    metadata.latency_samples = fields.size("latency_samples", 0, MAX_LATENCY_SAMPLES);
    metadata.reconstruction = fields.one_of("reconstruction", {"learned", "refined"});
    metadata.precision = fields.one_of("precision", {"float32", "float16", "int8"});
    if (loss) check_precision_loss(*loss);
    if (normalization) check_numbers(*normalization, {"mag_mean", "mag_std", "if_mean", "if_std"});
    if (bank) metadata.sliders = read_sliders(*bank, metadata.latent_dim);
    metadata.source_sha256 = fields.section("source").text("sha256");
    metadata.weights_sha256 = fields.section("weights").text("sha256");
    fields.section("exporter").all_texts();
    const JsonFields parity = fields.section("parity");
    check_numbers(
        parity, {"decoder_max_difference", "reconstruction_snr_db", "streaming_snr_db", "batch_snr_db"});
    parity.integer("trajectories", 0, MANY_ITEMS);
    check_test_vector(fields.section("test_vector"));
    metadata.controls = read_controls(controls, metadata.latent_dim, document);
    if (landmarks) metadata.landmarks = read_landmarks(*landmarks, metadata.latent_dim, document);
    return metadata;
}

// Read the document. Throws ArtifactError: it is not JSON, of another format or version, or a field is
// missing, of the wrong type or out of range.
inline Metadata read_metadata(std::string_view text) {
    constexpr const char* DOCUMENT = "its metadata";
    constexpr const char* FORMAT = "distill.artifact";
    constexpr std::int64_t VERSION = 1;
    const Json json = JsonReader(text, DOCUMENT).read();
    const JsonFields fields(json, "", DOCUMENT);
    const std::string& format = fields.text("format");
    if (format != FORMAT) {
        throw ArtifactError(
            std::string(DOCUMENT) + " has the format " + in_quotes(format) + ", not " + in_quotes(FORMAT));
    }
    const std::int64_t version = fields.integer("version", 1, MANY_ITEMS);
    if (version != VERSION) {
        throw ArtifactError(
            "it has contract version " + std::to_string(version) + ", this program reads version " +
            std::to_string(VERSION) + ": update it");
    }
    return read_metadata_fields(fields, DOCUMENT);
}

}  // namespace detail
}  // namespace distill
