// JSON, read as Python's `json` reads it, but for two limits: how deep, and how many values.
//
// Where a key comes twice the last one counts, NaN and Infinity are numbers, half of a surrogate pair
// may stand in a text: what reads a field judges that (json_fields.hpp).

#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "artifact/letters.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

struct JsonMember;

struct JsonNumber {
    double value = 0.0;
    bool is_whole = false;              // written without a point and an exponent
    std::optional<std::int64_t> whole;  // of a whole one that fits
};

struct Json {
    using Array = std::vector<Json>;
    using Object = std::vector<JsonMember>;  // sorted by key
    std::variant<std::nullptr_t, bool, JsonNumber, std::string, Array, Object> value = nullptr;

    template <class T>
    const T* as() const {
        return std::get_if<T>(&value);
    }
};

struct JsonMember {
    std::string key;
    Json value;
};

inline const Json* find_member(const Json::Object& object, std::string_view key) {
    const auto found = std::lower_bound(
        object.begin(), object.end(), key,
        [](const JsonMember& member, std::string_view wanted) { return member.key < wanted; });
    return found != object.end() && found->key == key ? &found->value : nullptr;
}

// What a number beyond all doubles is taken for: infinity, or 0 where it is too small.
inline double beyond_doubles(std::string_view number) {
    const bool negative = number[0] == '-';
    const std::size_t mark = number.find_first_of("eE");
    const std::string_view digits = number.substr(negative, mark - negative);
    const std::size_t first = digits.find_first_of("123456789");
    const std::size_t point = std::min(digits.find('.'), digits.size());
    if (first == std::string_view::npos) return negative ? -0.0 : 0.0;
    double exponent = first < point ? static_cast<double>(point - first) : -static_cast<double>(first - point);
    if (mark != std::string_view::npos) {
        double written = 0.0;
        for (const char digit : number.substr(mark + 1)) {
            if (digit >= '0' && digit <= '9') written = written * 10.0 + (digit - '0');
        }
        exponent += number[mark + 1] == '-' ? -written : written;
    }
    const double value = exponent > 0.0 ? std::numeric_limits<double>::infinity() : 0.0;
    return negative ? -value : value;
}

// The nearest double, whatever the program's locale says a number looks like.
inline double nearest_double(std::string_view number) {
    double value = 0.0;
#if defined(__cpp_lib_to_chars)
    const auto done = std::from_chars(number.data(), number.data() + number.size(), value);
    return done.ec == std::errc() ? value : beyond_doubles(number);
#else
    std::istringstream stream{std::string(number)};
    stream.imbue(std::locale::classic());
    return stream >> value ? value : beyond_doubles(number);
#endif
}

class JsonReader {
  public:
    // `document` names the text in complaints.
    JsonReader(std::string_view text, const char* document) : text_(text), document_(document) {}

    Json read() {
        Json value = this->value(0);
        skip_spaces();
        if (at_ != text_.size()) fail("the end");
        return value;
    }

  private:
    static constexpr int MAX_DEPTH = 64;
    static constexpr std::size_t MAX_VALUES = std::size_t{1} << 21;
    static constexpr std::size_t MAX_DIGITS = 4300;  // of a whole number, as Python has it

    [[noreturn]] void fail(const char* expected) const {
        throw ArtifactError(
            std::string(document_) + " is no valid JSON (expected " + expected + " at byte " +
            std::to_string(at_) + ")");
    }

    bool takes(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    void skip_spaces() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

    Json value(int depth) {
        if (depth > MAX_DEPTH) fail("a document nested less deeply");
        if (++values_ > MAX_VALUES) fail("fewer values");
        skip_spaces();
        if (takes("{")) return {object(depth)};
        if (takes("[")) return {array(depth)};
        if (takes("\"")) return {string()};
        if (takes("null")) return {nullptr};
        if (takes("true")) return {true};
        if (takes("false")) return {false};
        constexpr double INFINITE = std::numeric_limits<double>::infinity();
        if (takes("NaN")) return {JsonNumber{std::numeric_limits<double>::quiet_NaN(), false, {}}};
        if (takes("Infinity")) return {JsonNumber{INFINITE, false, {}}};
        if (takes("-Infinity")) return {JsonNumber{-INFINITE, false, {}}};
        return {number()};
    }

    Json::Object object(int depth) {
        Json::Object members;
        skip_spaces();
        if (takes("}")) return members;
        do {
            skip_spaces();
            if (!takes("\"")) fail("a key");
            std::string key = string();
            skip_spaces();
            if (!takes(":")) fail("a colon");
            members.push_back({std::move(key), value(depth + 1)});
            skip_spaces();
        } while (takes(","));
        if (!takes("}")) fail("a comma or }");
        std::stable_sort(
            members.begin(), members.end(),
            [](const JsonMember& a, const JsonMember& b) { return a.key < b.key; });
        Json::Object last;
        for (JsonMember& member : members) {
            if (!last.empty() && last.back().key == member.key) last.pop_back();
            last.push_back(std::move(member));
        }
        return last;
    }

    Json::Array array(int depth) {
        Json::Array items;
        skip_spaces();
        if (takes("]")) return items;
        do {
            items.push_back(value(depth + 1));
            skip_spaces();
        } while (takes(","));
        if (!takes("]")) fail("a comma or ]");
        return items;
    }

    std::string string() {
        std::string letters;
        while (true) {
            const std::size_t end = text_.find_first_of("\"\\", at_);
            if (end == std::string_view::npos) fail("the end of a text");
            for (; at_ < end; ++at_) {
                if (static_cast<unsigned char>(text_[at_]) < 0x20) fail("no control character");
                letters.push_back(text_[at_]);
            }
            if (text_[at_++] == '"') return letters;
            append_letter(letters, escaped());
        }
    }

    char32_t escaped() {
        static constexpr std::string_view NAMES = "\"\\/bfnrt", LETTERS = "\"\\/\b\f\n\r\t";
        if (at_ == text_.size()) fail("the end of a text");
        const char name = text_[at_++];
        if (name != 'u') {
            const std::size_t found = NAMES.find(name);
            if (found == std::string_view::npos) fail("an escape that JSON has");
            return static_cast<unsigned char>(LETTERS[found]);
        }
        const char32_t letter = code();
        if (letter < 0xD800 || letter > 0xDBFF) return letter;
        const std::size_t after = at_;
        if (takes("\\u")) {
            const char32_t other = code();
            if (other >= 0xDC00 && other <= 0xDFFF) {
                return 0x10000 + ((letter - 0xD800) << 10 | (other - 0xDC00));
            }
        }
        at_ = after;
        return letter;
    }

    char32_t code() {
        char32_t letter = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char digit = at_ < text_.size() ? text_[at_] : ' ';
            if (digit >= '0' && digit <= '9') letter = letter << 4 | static_cast<char32_t>(digit - '0');
            else if (digit >= 'a' && digit <= 'f') letter = letter << 4 | static_cast<char32_t>(digit - 'a' + 10);
            else if (digit >= 'A' && digit <= 'F') letter = letter << 4 | static_cast<char32_t>(digit - 'A' + 10);
            else fail("four hexadecimal digits");
        }
        return letter;
    }

    std::size_t digits() {
        const std::size_t start = at_;
        at_ = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
        return at_ - start;
    }

    JsonNumber number() {
        const std::size_t start = at_;
        takes("-");
        const bool starts_with_zero = text_.substr(at_, 1) == "0";
        const std::size_t count = digits();
        if (!count) fail("a value");
        if (count > 1 && starts_with_zero) fail("a number without a 0 before it");
        bool is_whole = true;
        if (takes(".")) {
            is_whole = false;
            if (!digits()) fail("digits");
        }
        if (takes("e") || takes("E")) {
            is_whole = false;
            if (!takes("+")) takes("-");
            if (!digits()) fail("digits");
        }
        if (is_whole && count > MAX_DIGITS) fail("a shorter number");
        const std::string_view token = text_.substr(start, at_ - start);
        JsonNumber number{0.0, is_whole, {}};
        if (is_whole) {
            std::int64_t whole = 0;
            if (std::from_chars(token.data(), token.data() + token.size(), whole).ec == std::errc()) {
                number.whole = whole;
            }
        }
        number.value = number.whole == 0 ? 0.0 : nearest_double(token);
        return number;
    }

    std::string_view text_;
    const char* document_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
};

}  // namespace detail
}  // namespace distill
