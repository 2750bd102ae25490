#include "wire/milter/macros.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>

#include "base/text.h"

namespace exota::milter {
namespace {

constexpr std::size_t block_head = Macros::block_head;
constexpr std::size_t usual_message_octets = 240;  // of Postfix, with TLS

struct Block {
    Command stage;
    std::size_t start, size;  // with its head
    std::string_view name_values;
};

/// The block at `at`; blocks are only ever written by append_block, so they are whole.
Block block_at(std::string_view blocks, std::size_t at) noexcept {
    const std::size_t length = read_word(blocks.substr(at + 1));
    return Block{static_cast<Command>(blocks[at]), at, block_head + length, blocks.substr(at + block_head, length)};
}

std::optional<Block> find_block(std::string_view blocks, Command stage) noexcept {
    for (std::size_t at = 0; at < blocks.size();) {
        const Block block = block_at(blocks, at);
        if (block.stage == stage) return block;
        at += block.size;
    }
    return std::nullopt;
}

bool erase_block(std::string& blocks, Command stage) {
    const auto block = find_block(blocks, stage);
    if (!block) return false;
    blocks.erase(block->start, block->size);
    return true;
}

void append_block(std::string& blocks, Command stage, std::string_view name_values) {
    blocks.push_back(static_cast<char>(stage));
    append_word(blocks, static_cast<std::uint32_t>(name_values.size()));
    blocks.append(name_values);
}

/// "{cert_subject}" and "cert_subject" are the same name, as are "i" and "{i}".
std::string_view without_braces(std::string_view name) noexcept {
    return name.size() >= 2 && name.front() == '{' && name.back() == '}' ? name.substr(1, name.size() - 2) : name;
}

/// Assigning an empty string would keep the old one's memory.
void free_memory(std::string& text) noexcept { std::string().swap(text); }

}  // namespace

std::expected<void, ProtocolError> Macros::define(const MacroDefinitions& macros, std::size_t max_octets) {
    const bool of_connection = macros.stage == Command::connect || macros.stage == Command::helo;
    std::string& blocks = of_connection ? connection_ : message_;
    const std::string_view name_values = macros.name_values.octets();
    const auto known = find_block(blocks, macros.stage);
    const bool unchanged = known && known->start + known->size == blocks.size() && known->name_values == name_values;
    // Macros for MAIL begin a message: what another one left is gone.
    const std::size_t freed = macros.stage == Command::mail ? blocks.size() : known ? known->size : 0;
    if (!unchanged && octets() - freed + block_head + name_values.size() > max_octets)
        return std::unexpected(ProtocolError::macros_too_long);

    if (macros.stage == Command::connect) connect_fresh_ = true;
    if (macros.stage == Command::helo) helo_fresh_ = true;
    if (macros.stage == Command::mail) mail_fresh_ = true;
    if (unchanged && (macros.stage != Command::mail || known->start == 0)) return {};
    if (macros.stage == Command::mail)
        blocks.clear();
    else
        erase_block(blocks, macros.stage);
    if (of_connection) {  // lives long, so it takes no more than it needs
        std::string tight;
        tight.reserve(blocks.size() + block_head + name_values.size());
        tight.append(blocks);
        blocks.swap(tight);
    } else {
        if (blocks.capacity() < usual_message_octets) blocks.reserve(usual_message_octets);
        last_in_message_ = static_cast<std::uint32_t>(blocks.size());
    }
    append_block(blocks, macros.stage, name_values);
    return {};
}

void Macros::connect() {
    if (!connect_fresh_) erase_block(connection_, Command::connect);
    if (!helo_fresh_) erase_block(connection_, Command::helo);
    connect_fresh_ = helo_seen_ = false;
    end_message();
}

void Macros::helo() {
    if (!helo_fresh_) erase_block(connection_, Command::helo);
    helo_fresh_ = false;
    helo_seen_ = true;
    end_message();
}

void Macros::mail() {
    if (!mail_fresh_) end_message();
    mail_fresh_ = false;
}

void Macros::end_message() {
    free_memory(message_);  // most sessions are idle most of the time
    mail_fresh_ = false;
}

void Macros::clear() {
    free_memory(connection_);
    free_memory(message_);
    connect_fresh_ = helo_fresh_ = mail_fresh_ = helo_seen_ = false;
}

std::optional<std::string_view> Macros::find(std::string_view name, Scope scope) const noexcept {
    Wanted wanted{name, scope};
    find({&wanted, 1});
    return wanted.value;
}

/// Of one stage the last definition of a name counts, of several stages the one that came last.
void Macros::find(std::span<Wanted> wanted) const noexcept {
    assert(wanted.size() <= max_wanted);
    std::array<std::uint32_t, 64> of_size{};  // which names are so long, a bit for each: most macros are as long as none
    const auto alike_in_size = [&of_size](std::string_view name) -> std::uint32_t& { return of_size[name.size() % of_size.size()]; };
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        wanted[i].value.reset();
        alike_in_size(wanted[i].name) |= std::uint32_t{1} << i;
    }
    for (const std::string* blocks : {&connection_, &message_})  // a later one replaces an earlier one
        for (std::size_t at = 0; at < blocks->size();) {
            const Block block = block_at(*blocks, at);
            at += block.size;
            const bool hidden = blocks == &connection_ && block.stage == Command::connect && helo_seen_;
            for (std::string_view rest = block.name_values; !rest.empty();) {
                const std::string_view name = without_braces(base::take_until(rest, '\0'));
                const std::string_view value = base::take_until(rest, '\0');
                if (name.empty()) continue;
                for (std::uint32_t left = alike_in_size(name); left != 0; left &= left - 1) {
                    Wanted& each = wanted[static_cast<std::size_t>(std::countr_zero(left))];
                    const bool alike = each.name.front() == name.front();  // nearly every other one ends here
                    if (alike && each.name == name && !(hidden && each.scope == Scope::since_helo)) each.value = value;
                }
            }
        }
}

}  // namespace exota::milter
