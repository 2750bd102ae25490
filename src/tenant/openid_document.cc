#include "tenant/openid_document.h"

#include <optional>

#include "base/text.h"
#include "tenant/json_events.h"

namespace exota::tenant {
namespace {

/// The member "issuer" of the outermost object.
class IssuerReader final : public JsonSink {
public:
    void on_key(std::string_view key, Text text) override { is_issuer_ = depth_ == 1 && text == Text::whole && key == "issuer"; }
    void on_string(std::string_view value, Text text) override {
        if (!is_issuer_) return;
        wrong = wrong || issuer || text == Text::cut;
        issuer = value;
        is_issuer_ = false;
    }
    void on_number(double) override { other_value(); }
    void on_bool(bool) override { other_value(); }
    void on_null() override { other_value(); }
    void on_begin(Container container) override {
        other_value();
        if (depth_++ == 0 && container != Container::object) wrong = true;
    }
    void on_end(Container) override { --depth_; }

    std::optional<std::string> issuer;
    bool wrong = false;

private:
    void other_value() {
        wrong = wrong || is_issuer_;
        is_issuer_ = false;
    }
    std::size_t depth_ = 0;
    bool is_issuer_ = false;  // the value that comes next
};

}  // namespace

std::string openid_target(std::string_view base_path, std::string_view domain) {
    while (base_path.ends_with('/')) base_path.remove_suffix(1);
    return std::string(base_path) + '/' + std::string(domain) + "/.well-known/openid-configuration";
}

base::Result<mail::TenantId> tenant_in_openid_document(std::string_view json) {
    if (json.size() > max_openid_octets)
        return base::fail(base::Errc::invalid_data, "has more than " + std::to_string(max_openid_octets) + " octets");
    IssuerReader reader;
    JsonEvents events(reader);
    events.feed(json);
    events.finish();
    if (events.error()) return base::fail(base::Errc::invalid_data, "is no JSON: " + events.error()->text);
    if (reader.wrong || !reader.issuer) return base::fail(base::Errc::invalid_data, "names no issuer");
    std::string_view rest = *reader.issuer;
    constexpr std::string_view scheme = "https://";
    const std::size_t host_end = rest.starts_with(scheme) ? rest.find('/', scheme.size()) : std::string_view::npos;
    if (host_end == std::string_view::npos || host_end == scheme.size())
        return base::fail(base::Errc::invalid_data, "has an issuer that is no tenant's");
    rest.remove_prefix(host_end + 1);
    const auto id = mail::TenantId::parse(base::take_until(rest, '/'));
    if (!id || (!rest.empty() && rest != "v2.0")) return base::fail(base::Errc::invalid_data, "has an issuer that is no tenant's");
    if (id->text() == personal_accounts || id->text() == mail::consumer_tenant_id)
        return base::fail(base::Errc::invalid_data, "has the issuer of personal Microsoft accounts, who are nobody's customers");
    return *id;
}

}  // namespace exota::tenant
