// A change to the header of a message that is let through, in the terms of the milter protocol: what a front end carries out.
#pragma once

#include <cstdint>
#include <string>

namespace exota::mail {

enum class EditOp : std::uint8_t { add, insert, remove };

struct HeaderEdit {
    EditOp op = EditOp::add;
    /// insert: position in the whole header, 0 is the top. remove: the how-manieth field of that name, from 1, counted without regard
    /// to letter case. add: unused. Edits are in the order to carry them out: removals from the highest index down.
    std::uint32_t index = 0;
    std::string name;
    std::string value;  // behind "Name: ", folded with LF and white space; empty for remove
    friend bool operator==(const HeaderEdit&, const HeaderEdit&) = default;
};

}  // namespace exota::mail
