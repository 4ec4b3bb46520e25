// One JSON object whose every read checks and whose every complaint names the field
// (distill_runtime/files/json_fields.py).

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/json.hpp"
#include "artifact/letters.hpp"
#include "distill/distill.hpp"
#include "numbers.hpp"

namespace distill {
namespace detail {

// A number in as few digits as make it again, as Python writes it.
inline std::string shortest(double value) {
    std::string text = digits_of(value, 15);
    for (int precision = 16; precision <= 17 && std::isfinite(value); ++precision) {
        if (nearest_double(text) == value) break;
        text = digits_of(value, precision);
    }
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

// A value as a message shows it.
inline std::string brief(const Json& found) {
    if (const auto* flag = found.as<bool>()) return *flag ? "true" : "false";
    if (const auto* text = found.as<std::string>()) return in_quotes(*text);
    if (const auto* items = found.as<Json::Array>()) {
        return items->empty() ? "an empty list" : "a list of " + std::to_string(items->size());
    }
    if (found.as<Json::Object>()) return "an object";
    const auto* number = found.as<JsonNumber>();
    if (!number) return "null";
    if (!number->is_whole) return shortest(number->value);
    return number->whole ? std::to_string(*number->whole) : "a whole number beyond 64 bits";
}

class JsonFields {
  public:
    JsonFields(const Json& value, std::string path, const char* document)
        : path_(std::move(path)), document_(document), values_(value.as<Json::Object>()) {
        if (!values_) {
            throw ArtifactError(
                std::string(document_) + " has no object at " + in_quotes(path_.empty() ? "its top" : path_));
        }
    }

    bool contains(std::string_view key) const { return find_member(*values_, key) != nullptr; }

    const std::string& text(std::string_view key) const {
        const auto* text = get(key).as<std::string>();
        if (!text || !is_utf8(*text)) wrong(key, "a text");
        return *text;
    }

    void texts(std::string_view key) const {
        const auto* items = get(key).as<Json::Array>();
        const auto is_text = [](const Json& item) {
            return item.as<std::string>() && is_utf8(*item.as<std::string>());
        };
        if (!items || !std::all_of(items->begin(), items->end(), is_text)) wrong(key, "a list of texts");
    }

    void all_texts() const {
        for (const JsonMember& member : *values_) text(member.key);
    }

    const std::string& one_of(std::string_view key, std::initializer_list<const char*> choices) const {
        const std::string& value = text(key);
        std::string expected;
        for (const char* choice : choices) {
            if (value == choice) return value;
            expected += (expected.empty() ? "one of " : ", ") + std::string(choice);
        }
        wrong(key, expected);
    }

    bool boolean(std::string_view key) const {
        const auto* flag = get(key).as<bool>();
        if (!flag) wrong(key, "true or false");
        return *flag;
    }

    std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const {
        const auto* number = get(key).as<JsonNumber>();
        if (!number || !number->whole || *number->whole < low || *number->whole > high) {
            const std::string range =
                "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
            wrong(key, low < high ? range : std::to_string(low));
        }
        return *number->whole;
    }

    int step(std::string_view key, int low, int high) const { return static_cast<int>(integer(key, low, high)); }

    std::size_t size(std::string_view key, std::int64_t low, std::int64_t high) const {
        return static_cast<std::size_t>(integer(key, low, high));
    }

    double number(std::string_view key) const {
        const auto* number = get(key).as<JsonNumber>();
        if (!number || !std::isfinite(number->value)) wrong(key, "a finite number");
        return number->value;
    }

    double number_within(std::string_view key, double low, double high) const {
        const double value = number(key);
        if (!(low <= value && value <= high)) {
            const std::string above = "a finite number, " + digits_of(low, 6) + " or more";
            const std::string within = "a number from " + digits_of(low, 6) + " to " + digits_of(high, 6);
            wrong(key, std::isinf(high) ? above : within);
        }
        return value;
    }

    // A list of finite numbers, of a length where one is given.
    std::vector<double> numbers(std::string_view key, std::optional<std::size_t> length = {}) const {
        const auto* items = get(key).as<Json::Array>();
        std::vector<double> numbers;
        if (items) {
            numbers.reserve(items->size());
            for (const Json& item : *items) {
                const auto* number = item.as<JsonNumber>();
                if (number && std::isfinite(number->value)) numbers.push_back(number->value);
            }
        }
        if (numbers.empty() || numbers.size() != items->size()) wrong(key, "a list of finite numbers");
        if (length && numbers.size() != *length) {
            wrong(key, "a list of " + std::to_string(*length) + " numbers");
        }
        return numbers;
    }

    bool is_null(std::string_view key) const { return get(key).as<std::nullptr_t>() != nullptr; }

    JsonFields section(std::string_view key) const { return {get(key), name(key), document_}; }

    std::optional<JsonFields> optional_section(std::string_view key) const {
        if (is_null(key)) return std::nullopt;
        return section(key);
    }

    std::vector<JsonFields> sections(std::string_view key) const {
        const auto* items = get(key).as<Json::Array>();
        if (!items) wrong(key, "a list");
        std::vector<JsonFields> found;
        for (const Json& item : *items) {
            found.emplace_back(item, name(key) + "[" + std::to_string(found.size()) + "]", document_);
        }
        return found;
    }

    const Json& get(std::string_view key) const {
        const Json* found = find_member(*values_, key);
        if (!found) throw ArtifactError(std::string(document_) + " lacks " + in_quotes(name(key), 80));
        return *found;
    }

    const Json::Object& members() const { return *values_; }

  private:
    [[noreturn]] void wrong(std::string_view key, const std::string& expected) const {
        throw ArtifactError(
            std::string(document_) + " has " + brief(get(key)) + " for " + in_quotes(name(key), 80) + ", not " +
            expected);
    }

    std::string name(std::string_view key) const {
        return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
    }

    std::string path_;
    const char* document_;
    const Json::Object* values_;  // of a document that outlives this
};

}  // namespace detail
}  // namespace distill
