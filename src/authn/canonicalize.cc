// Canonicalisation.
//
// A body is split, chunk by chunk, into text whose meaning is decided and a tail that the next chunk decides: line ends that are empty
// lines at the end of the body unless something follows, white space that is dropped if a line ends behind it, a CR that may be half a
// line end. The tail becomes three counters. Everything else is searched for changes sixteen octets at a time and passed on as it lies.
//
// Tested by canonicalize_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/canonicalize.h"

#include <bit>

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

constexpr bool is_change(char c, char next) noexcept { return c == '\t' || (c == ' ' && (is_wsp(next) || next == '\r')); }

}  // namespace

std::size_t find_relaxed_change_bytewise(std::string_view text, std::size_t from) noexcept {
    for (std::size_t i = from; i < text.size(); ++i)
        if (is_change(text[i], i + 1 < text.size() ? text[i + 1] : '\0')) return i;
    return std::string_view::npos;
}

std::size_t find_relaxed_change(std::string_view text, std::size_t from) noexcept {
#if defined(__SSE2__)
    const __m128i blank = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t'), carriage_return = _mm_set1_epi8('\r');
    const auto changes_at = [&](const char* place) noexcept {  // looks at 17 octets
        const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place));
        const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + 1));
        const __m128i next_matters =
            _mm_or_si128(_mm_cmpeq_epi8(next, blank), _mm_or_si128(_mm_cmpeq_epi8(next, tab), _mm_cmpeq_epi8(next, carriage_return)));
        return _mm_or_si128(_mm_cmpeq_epi8(here, tab), _mm_and_si128(_mm_cmpeq_epi8(here, blank), next_matters));
    };
    const char* const data = text.data();
    // Four at a time while nothing is found: most text needs no change.
    for (; text.size() - from > 64; from += 64) {
        const __m128i any = _mm_or_si128(_mm_or_si128(changes_at(data + from), changes_at(data + from + 16)),
                                         _mm_or_si128(changes_at(data + from + 32), changes_at(data + from + 48)));
        if (_mm_movemask_epi8(any) != 0) break;
    }
    for (; text.size() - from > 16; from += 16) {
        const unsigned found = static_cast<unsigned>(_mm_movemask_epi8(changes_at(data + from)));
        if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found));
    }
#endif
    return find_relaxed_change_bytewise(text, from);
}

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

/// Text that ends with an octet whose meaning is decided; so every white space and line end in it is decided too.
void BodyCanonicalizer::take_decided(std::string_view text, Gatherer& out) {
    if (canonicalization_ == Canonicalization::simple) return out.append(text);
    std::size_t begin = 0;
    for (;;) {
        const std::size_t change = find_relaxed_change(text, begin);
        if (change == std::string_view::npos) return out.append(text.substr(begin));
        out.append(text.substr(begin, change - begin));
        std::size_t end = change;
        while (is_wsp(text[end])) ++end;  // an octet that is neither white space nor line end comes before the text is over
        if (text[end] != '\r' || text[end + 1] != '\n') out.append(" ");
        begin = end;
    }
}

void BodyCanonicalizer::update(std::string_view chunk, OctetSink& sink) {
    Gatherer out(sink);
    const auto is_open = [this](char c) { return c == '\r' || c == '\n' || (is_wsp(c) && canonicalization_ == Canonicalization::relaxed); };
    // What continues the tail of the chunk before.
    std::size_t at = 0;
    while (at < chunk.size() && is_open(chunk[at]) && (line_ends_ > 0 || wsp_ || cr_)) take_undecided(chunk[at++], out);
    chunk.remove_prefix(at);
    std::size_t decided = chunk.size();
    while (decided > 0 && is_open(chunk[decided - 1])) --decided;
    if (decided > 0) {
        release(out);
        take_decided(chunk.substr(0, decided), out);
    }
    for (const char c : chunk.substr(decided)) take_undecided(c, out);
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
