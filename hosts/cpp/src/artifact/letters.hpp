// Text out of files: what is UTF-8, how many letters it has, and what a terminal only prints.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace distill {
namespace detail {

// Whether bytes are UTF-8 in its only form: no longer one, no half of a surrogate pair.
inline bool is_utf8(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        const unsigned first = byte(at++);
        if (first < 0x80) continue;
        unsigned more = 0, low = 0x80, high = 0xBF;  // of the second byte
        if (first >= 0xC2 && first <= 0xDF) {
            more = 1;
        } else if (first >= 0xE0 && first <= 0xEF) {
            more = 2;
            if (first == 0xE0) low = 0xA0;
            if (first == 0xED) high = 0x9F;
        } else if (first >= 0xF0 && first <= 0xF4) {
            more = 3;
            if (first == 0xF0) low = 0x90;
            if (first == 0xF4) high = 0x8F;
        } else {
            return false;
        }
        for (; more; --more, low = 0x80, high = 0xBF) {
            if (at == bytes.size() || byte(at) < low || byte(at) > high) return false;
            ++at;
        }
    }
    return true;
}

// How many code points UTF-8 has.
inline std::size_t count_letters(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    return count;
}

// The code point at a place, which moves on. Halves of surrogate pairs, of three bytes, will do.
inline char32_t next_letter(std::string_view text, std::size_t& at) {
    const unsigned first = static_cast<unsigned char>(text[at++]);
    if (first < 0xC0) return first;
    const unsigned more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    char32_t letter = first & (0x3F >> more);
    for (unsigned i = 0; i < more && at < text.size(); ++i) {
        letter = letter << 6 | (static_cast<unsigned char>(text[at++]) & 0x3F);
    }
    return letter;
}

// Append a code point as UTF-8, half of a surrogate pair as if it were a letter.
inline void append_letter(std::string& text, char32_t letter) {
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (letter < 0x80) {
        put(letter);
    } else if (letter < 0x800) {
        put(0xC0 | letter >> 6);
        put(0x80 | (letter & 0x3F));
    } else if (letter < 0x10000) {
        put(0xE0 | letter >> 12);
        put(0x80 | (letter >> 6 & 0x3F));
        put(0x80 | (letter & 0x3F));
    } else {
        put(0xF0 | letter >> 18);
        put(0x80 | (letter >> 12 & 0x3F));
        put(0x80 | (letter >> 6 & 0x3F));
        put(0x80 | (letter & 0x3F));
    }
}

// Whether a code point is a letter, a sign or our space. Nothing that controls or formats is, and no
// other space; what Unicode has not assigned yet is, since no table of it is kept here.
inline bool is_printable(char32_t letter) {
    static constexpr char32_t NOT[][2] = {
        {0x0, 0x1F},       {0x7F, 0xA0},      {0xAD, 0xAD},      {0x600, 0x605},    {0x61C, 0x61C},
        {0x6DD, 0x6DD},    {0x70F, 0x70F},    {0x890, 0x891},    {0x8E2, 0x8E2},    {0x1680, 0x1680},
        {0x180E, 0x180E},  {0x2000, 0x200F},  {0x2028, 0x202F},  {0x205F, 0x206F},  {0x3000, 0x3000},
        {0xD800, 0xF8FF},  {0xFEFF, 0xFEFF},  {0xFFF0, 0xFFFB},  {0xFFFE, 0xFFFF},  {0x110BD, 0x110BD},
        {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF}};
    for (const auto& range : NOT) {
        if (letter >= range[0] && letter <= range[1]) return false;
    }
    return true;
}

inline bool is_printable(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        if (!is_printable(next_letter(text, at))) return false;
    }
    return true;
}

// The small letter of a pair, in the scripts whose pairs are regular: Latin-1, Greek, Cyrillic.
inline std::string folded(std::string_view text) {
    std::string small;
    for (std::size_t at = 0; at < text.size();) {
        char32_t letter = next_letter(text, at);
        if ((letter >= 'A' && letter <= 'Z') || (letter >= 0xC0 && letter <= 0xDE && letter != 0xD7) ||
            (letter >= 0x391 && letter <= 0x3AB && letter != 0x3A2) ||
            (letter >= 0x410 && letter <= 0x42F)) {
            letter += 32;
        } else if (letter >= 0x400 && letter <= 0x40F) {
            letter += 80;
        }
        append_letter(small, letter);
    }
    return small;
}

// A text in quotes, in one line of at most so many code points that no terminal takes for a command.
inline std::string in_quotes(std::string_view text, std::size_t most = 40) {
    const char quote = text.find('\'') != std::string_view::npos &&
            text.find('"') == std::string_view::npos ? '"' : '\'';
    std::string shown(1, quote);
    std::size_t letters = 1;
    for (std::size_t at = 0; at < text.size() && letters < most;) {
        const char32_t letter = next_letter(text, at);
        std::string written;
        if (letter == '\\' || letter == static_cast<unsigned char>(quote)) {
            written = {'\\', static_cast<char>(letter)};
        } else if (letter == '\n' || letter == '\r' || letter == '\t') {
            written = {'\\', letter == '\n' ? 'n' : letter == '\r' ? 'r' : 't'};
        } else if (is_printable(letter)) {
            append_letter(written, letter);
        } else {
            char code[16];
            std::snprintf(
                code, sizeof code, letter < 0x100 ? "\\x%02x" : letter < 0x10000 ? "\\u%04x" : "\\U%08x",
                static_cast<unsigned>(letter));
            written = code;
        }
        letters += count_letters(written);
        shown += written;
    }
    shown.push_back(quote);
    if (++letters <= most) return shown;
    std::size_t end = 0;
    for (std::size_t kept = 0; kept + 3 < most; ++kept) next_letter(shown, end);
    return shown.substr(0, end) + "...";
}

}  // namespace detail
}  // namespace distill
