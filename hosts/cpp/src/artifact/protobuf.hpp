// Protobuf's wire format, read strictly: what another reader would see otherwise is refused
// (distill_runtime/artifact/scan/protobuf.py; protobuf.dev/programming-guides/encoding).
//
// Nothing is copied: what is read points into the file, which must outlive it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "artifact/letters.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

using Bytes = std::string_view;

// What to throw for bytes that are not a message, and for a graph that would keep a reader busy.
[[noreturn]] inline void throw_damaged() {
    throw ArtifactError("it is no ONNX model, or it is truncated or damaged");
}
[[noreturn]] inline void throw_too_large() { throw ArtifactError("its graph is too large"); }

// Counts fields down, so that a small hostile file cannot keep a reader busy for long.
class Budget {
  public:
    explicit Budget(std::size_t fields) : left_(fields) {}

    void spend(std::size_t fields) {
        if (fields > left_) throw_too_large();
        left_ -= fields;
    }

  private:
    std::size_t left_;
};

// What a field holds. Bytes that do not fit into one block of a file are `large`: only some fields
// may be, whatever they hold. A number of four or eight bytes must not pass for a text of as many.
struct FieldValue {
    enum class Kind { number, bytes, fixed, large };
    Kind kind = Kind::number;
    std::uint64_t number = 0;
    Bytes bytes;

    bool is_number() const { return kind == Kind::number; }
    bool is_bytes() const { return kind == Kind::bytes; }
    bool is_fixed() const { return kind == Kind::fixed; }
    bool is_large() const { return kind == Kind::large; }
    bool is_message() const { return is_bytes() || is_large(); }
};

struct Field {
    std::uint64_t number = 0;
    FieldValue value;
};

// Read a number of 64 bits, and move on.
inline std::uint64_t read_varint(Bytes bytes, std::size_t& at) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (at >= bytes.size()) throw_damaged();
        const auto byte = static_cast<unsigned char>(bytes[at++]);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;  // above 64 bits it is cut off
        if (byte < 0x80) return value;
    }
    throw_damaged();
}

// A field's head: its number, its wire type and, of what is no number, its length.
struct FieldHead {
    static constexpr unsigned VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5;

    FieldHead(Bytes bytes, std::size_t& at) {
        const std::uint64_t tag = read_varint(bytes, at);
        // Protobuf cuts off the bits above, which would hide a field from this reader.
        if (tag < 8 || tag >= std::uint64_t{1} << 32) throw_damaged();
        number = tag >> 3;
        type = tag & 7;
        if (type == BYTES) length = read_varint(bytes, at);
        else if (type == FIXED32) length = 4;
        else if (type == FIXED64) length = 8;
        else if (type != VARINT) throw_damaged();
    }

    std::uint64_t number = 0;
    std::uint64_t type = 0;
    std::uint64_t length = 0;
};

inline FieldValue held_value(const FieldHead& head, Bytes content) {
    const bool is_bytes = head.type == FieldHead::BYTES;
    return {is_bytes ? FieldValue::Kind::bytes : FieldValue::Kind::fixed, 0, content};
}

// Return a message's fields in order.
inline std::vector<Field> read_fields(Bytes message, Budget& budget) {
    std::vector<Field> fields;
    for (std::size_t at = 0; at < message.size();) {
        const FieldHead head(message, at);
        if (head.type == FieldHead::VARINT) {
            fields.push_back({head.number, {FieldValue::Kind::number, read_varint(message, at), {}}});
        } else {
            if (head.length > message.size() - at) throw_damaged();
            const auto length = static_cast<std::size_t>(head.length);
            fields.push_back({head.number, held_value(head, message.substr(at, length))});
            at += length;
        }
        if (fields.size() % 1024 == 0) budget.spend(1024);
    }
    budget.spend(fields.size() % 1024);
    return fields;
}

constexpr std::size_t FILE_BLOCK_BYTES = 8192;
constexpr std::size_t LONGEST_HEAD_BYTES = 20;  // of a field: two varints

// Return the fields of a part of a message that begin in its next block and whose heads lie in it.
// `at` moves to where they end. As a file is read: what does not fit into a block is large.
inline std::vector<Field> read_block(Bytes message, std::size_t& at) {
    std::vector<Field> fields;
    const Bytes block = message.substr(at, FILE_BLOCK_BYTES);
    const bool is_last = at + block.size() == message.size();
    std::size_t index = 0;
    while (index < block.size() && (is_last || index + LONGEST_HEAD_BYTES <= block.size())) {
        const std::size_t start = index;
        const FieldHead head(block, index);
        FieldValue value;
        if (head.type == FieldHead::VARINT) {
            value.number = read_varint(block, index);
        } else {
            if (head.length > message.size() - at - index) throw_damaged();
            const auto length = static_cast<std::size_t>(head.length);
            if (length <= block.size() - index) {
                value = held_value(head, block.substr(index, length));
            } else if (length <= FILE_BLOCK_BYTES - LONGEST_HEAD_BYTES) {
                index = start;  // it will fit into a block of its own
                break;
            } else {
                value = {FieldValue::Kind::large, 0, message.substr(at + index, length)};
            }
            index += length;
        }
        fields.push_back({head.number, value});
    }
    at += index;
    return fields;
}

// Give the fields of a message to `take`, one after the other: those of a large one block by block.
template <class Take>
void each_field(const FieldValue& message, Budget& budget, Take&& take) {
    if (message.is_bytes()) {
        for (const Field& field : read_fields(message.bytes, budget)) take(field.number, field.value);
        return;
    }
    for (std::size_t at = 0; at < message.bytes.size();) {
        const std::vector<Field> fields = read_block(message.bytes, at);
        if (fields.empty()) throw_damaged();
        budget.spend(fields.size());
        for (const Field& field : fields) take(field.number, field.value);
    }
}

// Return a field's bytes, large or not.
inline Bytes load(const FieldValue& value) {
    constexpr std::size_t MAX_MESSAGE_BYTES = std::size_t{16} << 20;  // a tensor's data may be larger
    if (!value.is_message()) throw_damaged();
    if (value.is_large() && value.bytes.size() > MAX_MESSAGE_BYTES) throw_too_large();
    return value.bytes;
}

// Return a field that must be a text.
inline Bytes text_of(const FieldValue& value) {
    if (!value.is_bytes() || !is_utf8(value.bytes)) throw_damaged();
    return value.bytes;
}

// A number of 64 bits in two's complement.
inline std::int64_t signed_number(std::uint64_t value) {
    return value < std::uint64_t{1} << 63 ? static_cast<std::int64_t>(value)
                                           : -static_cast<std::int64_t>(~value) - 1;
}

// Append the numbers of a repeated field, which come one by one or packed.
inline void append_integers(std::vector<std::int64_t>& numbers, const FieldValue& value, Budget& budget) {
    if (value.is_number()) {
        numbers.push_back(signed_number(value.number));
        return;
    }
    if (!value.is_bytes()) throw_damaged();
    budget.spend(value.bytes.size());
    for (std::size_t at = 0; at < value.bytes.size();) {
        numbers.push_back(signed_number(read_varint(value.bytes, at)));
    }
}

}  // namespace detail
}  // namespace distill
