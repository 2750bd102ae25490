// Canonicalisation.
//
// A body is split, chunk by chunk, into text whose meaning is decided and a tail that the next chunk decides: line ends that are empty
// lines at the end of the body unless something follows, white space that is dropped if a line ends behind it, a CR that may be half a
// line end. The tail becomes three counters. Everything else is searched for changes in blocks of sixteen octets; a block without one is
// passed on as it lies, another is copied octet by octet without branches, so that a body made to be slow is not.
//
// Tested by canonicalize_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/canonicalize.h"

#include <algorithm>

#include "base/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace exota::authn {

using base::is_wsp;

std::string_view name_of(Canonicalization canonicalization) noexcept {
    return canonicalization == Canonicalization::simple ? "simple" : "relaxed";
}

// --- header fields -------------------------------------------------------------------------------------------------------------

void append_relaxed_header(std::string& out, std::string_view name, std::string_view value) {
    while (!name.empty() && is_wsp(name.back())) name.remove_suffix(1);
    for (const char c : name) out += base::to_lower(c);
    out += ':';
    const std::size_t start = out.size();
    std::size_t at = 0;
    bool gap = false;  // white space passed that counts if something follows
    while (at < value.size()) {
        if (is_wsp(value[at])) {
            gap = true;
            ++at;
            continue;
        }
        const std::string_view rest = value.substr(at);
        if (rest.size() > 2 && rest[0] == '\r' && rest[1] == '\n' && is_wsp(rest[2])) {  // a fold
            at += 2;
            continue;
        }
        if (gap && out.size() > start) out += ' ';
        gap = false;
        std::size_t end = at + 1;  // a CR or LF that is no fold is text
        while (end < value.size() && !is_wsp(value[end]) && value[end] != '\r') ++end;
        out.append(value, at, end - at);
        at = end;
    }
}

// --- bodies --------------------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t block_octets = 16;

/// What relaxed form makes of a block: a blank or tab goes away if another follows it (so the last of a run stays, as a blank) or if a
/// line ends behind it. Two octets behind the block are looked at.
struct RelaxedBlock {
    unsigned dropped = 0;       // one bit an octet, the lowest the first
    char octets[block_octets];  // tabs are blanks
};

#if defined(__SSE2__)
struct BlockMasks {
    __m128i here, tabs, dropped;
};
inline BlockMasks masks_of(const char* place) noexcept {
    const auto load = [place](int offset) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + offset)); };
    const auto equal = [](__m128i octets, char c) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c)); };
    const __m128i here = load(0), next = load(1), second = load(2), tabs = equal(here, '\t');
    const __m128i next_wsp = _mm_or_si128(equal(next, ' '), equal(next, '\t'));
    const __m128i line_end = _mm_and_si128(equal(next, '\r'), equal(second, '\n'));
    return {here, tabs, _mm_and_si128(_mm_or_si128(equal(here, ' '), tabs), _mm_or_si128(next_wsp, line_end))};
}
inline __m128i changes_of(const char* place) noexcept {
    const BlockMasks masks = masks_of(place);
    return _mm_or_si128(masks.tabs, masks.dropped);
}
inline bool is_changed(const char* place) noexcept { return _mm_movemask_epi8(changes_of(place)) != 0; }
inline bool any_of_four_is_changed(const char* place) noexcept {
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(changes_of(place), changes_of(place + block_octets)),
                                          _mm_or_si128(changes_of(place + 2 * block_octets), changes_of(place + 3 * block_octets)))) != 0;
}
inline RelaxedBlock relaxed_block(const char* place) noexcept {
    const BlockMasks masks = masks_of(place);
    RelaxedBlock block;
    block.dropped = static_cast<unsigned>(_mm_movemask_epi8(masks.dropped));
    const __m128i blanks = _mm_xor_si128(masks.here, _mm_and_si128(masks.tabs, _mm_set1_epi8('\t' ^ ' ')));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(block.octets), blanks);
    return block;
}
#else
inline RelaxedBlock relaxed_block(const char* place) noexcept {
    RelaxedBlock block;
    for (std::size_t i = 0; i < block_octets; ++i) {
        const bool line_end = place[i + 1] == '\r' && place[i + 2] == '\n';
        block.octets[i] = place[i] == '\t' ? ' ' : place[i];
        block.dropped |= static_cast<unsigned>(is_wsp(place[i]) && (is_wsp(place[i + 1]) || line_end)) << i;
    }
    return block;
}
inline bool is_changed(const char* place) noexcept {
    const RelaxedBlock block = relaxed_block(place);
    return block.dropped != 0 || !std::equal(block.octets, block.octets + block_octets, place);
}
inline bool any_of_four_is_changed(const char* place) noexcept {
    return is_changed(place) || is_changed(place + block_octets) || is_changed(place + 2 * block_octets) ||
           is_changed(place + 3 * block_octets);
}
#endif

/// Looks for a block that relaxed form changes, by whole blocks from `from`.
/// @return  where it begins; or where fewer than a block and two octets are left.
std::size_t find_changed_block(std::string_view text, std::size_t from) noexcept {
    while (text.size() - from >= 4 * block_octets + 2 && !any_of_four_is_changed(text.data() + from)) from += 4 * block_octets;
    while (text.size() - from >= block_octets + 2 && !is_changed(text.data() + from)) from += block_octets;
    return from;
}

}  // namespace

/// Gathers short runs, so that the sink is not called for every word; long runs pass through. Lives for one call.
class BodyCanonicalizer::Gatherer {
public:
    explicit Gatherer(OctetSink& sink) noexcept : sink_(sink) {}
    Gatherer(const Gatherer&) = delete;
    Gatherer& operator=(const Gatherer&) = delete;
    ~Gatherer() = default;

    void append(std::string_view run) {
        if (run.size() >= pass_through || run.size() > capacity - used_) flush();
        if (run.size() >= pass_through) return sink_.take(run);
        run.copy(buffer_ + used_, run.size());
        used_ += run.size();
    }
    /// Appends the first `count` octets of `text`, a block at most, in relaxed form; the two behind them are looked at.
    void append_relaxed(std::string_view text, std::size_t count) {
        if (capacity - used_ < count) flush();
        char window[block_octets + 2] = {};
        text.copy(window, count + 2);
        const RelaxedBlock block = relaxed_block(window);
        char* to = buffer_ + used_;
        for (std::size_t i = 0; i < count; ++i) {  // no branch: changes come at random
            *to = block.octets[i];
            to += (~block.dropped >> i) & 1U;
        }
        used_ = static_cast<std::size_t>(to - buffer_);
    }
    void flush() {
        if (used_ > 0) sink_.take(std::string_view(buffer_, used_));
        used_ = 0;
    }

private:
    static constexpr std::size_t capacity = 4096, pass_through = 1024;
    OctetSink& sink_;
    std::size_t used_ = 0;
    char buffer_[capacity];
};

/// Passes on what was held back: something follows that makes it count.
void BodyCanonicalizer::release(Gatherer& out) {
    constexpr std::string_view sixteen = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
    for (; line_ends_ >= 16; line_ends_ -= 16) out.append(sixteen);
    out.append(sixteen.substr(0, static_cast<std::size_t>(line_ends_) * 2));
    line_ends_ = 0;
    if (wsp_) out.append(" ");
    wsp_ = false;
    if (cr_) out.append("\r");
    cr_ = false;
    anything_ = true;
}

/// CR, LF, blank or tab at a place where what follows is not known.
void BodyCanonicalizer::take_undecided(char c, Gatherer& out) {
    if (cr_) {
        if (c == '\n') {  // a line end: white space before it goes away
            cr_ = wsp_ = false;
            ++line_ends_;
            return;
        }
        release(out);  // a bare CR is text
    }
    if (c == '\r') {
        cr_ = true;
    } else if (c != '\n' && canonicalization_ == Canonicalization::relaxed) {
        wsp_ = true;
    } else {  // a bare LF is text; so is white space in simple form
        release(out);
        out.append(std::string_view(&c, 1));
    }
}

/// A run of such octets. Line ends and blanks, which a hostile body may have by the megabyte, are taken in strides.
void BodyCanonicalizer::take_tail(std::string_view run, Gatherer& out) {
    const bool relaxed = canonicalization_ == Canonicalization::relaxed;
    std::size_t i = 0;
    while (i < run.size()) {
        if (!cr_ && run[i] == '\r' && i + 1 < run.size() && run[i + 1] == '\n') {
            wsp_ = false;
            ++line_ends_;
            i += 2;
        } else if (relaxed && !cr_ && is_wsp(run[i])) {
            wsp_ = true;
            ++i;
        } else {
            take_undecided(run[i++], out);
        }
    }
}

/// Text that ends with an octet whose meaning is decided; so every white space and line end in it is decided too.
void BodyCanonicalizer::take_decided(std::string_view text, Gatherer& out) {
    if (canonicalization_ == Canonicalization::simple) return out.append(text);
    std::size_t begin = 0;  // of what is to be passed on as it lies
    for (;;) {
        const std::size_t block = find_changed_block(text, begin);
        out.append(text.substr(begin, block - begin));
        const std::size_t count = std::min(text.size() - block, block_octets);
        out.append_relaxed(text.substr(block, count + 2), count);
        begin = block + count;
        if (begin == text.size()) return;
    }
}

void BodyCanonicalizer::update(std::string_view chunk, OctetSink& sink) {
    Gatherer out(sink);
    const auto is_open = [this](char c) { return c == '\r' || c == '\n' || (is_wsp(c) && canonicalization_ == Canonicalization::relaxed); };
    if (line_ends_ > 0 || wsp_ || cr_) {  // what continues the tail of the chunk before
        std::size_t open = 0;
        while (open < chunk.size() && is_open(chunk[open])) ++open;
        take_tail(chunk.substr(0, open), out);
        chunk.remove_prefix(open);
    }
    std::size_t decided = chunk.size();
    while (decided > 0 && is_open(chunk[decided - 1])) --decided;
    if (decided > 0) {
        release(out);
        take_decided(chunk.substr(0, decided), out);
    }
    take_tail(chunk.substr(decided), out);
    out.flush();
}

void BodyCanonicalizer::finish(OctetSink& sink) {
    Gatherer out(sink);
    if (cr_) release(out);  // a final CR without LF is text
    // Empty lines at the end go away; a last line without an end gets one. An empty body is CRLF in simple form, nothing in relaxed form.
    if (canonicalization_ == Canonicalization::simple || anything_) out.append("\r\n");
    line_ends_ = 0;
    wsp_ = false;
    out.flush();
}

}  // namespace exota::authn
