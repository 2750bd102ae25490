// The names of evidence's words: in JSON, traces and logs.
//
// Tested by json_test.cc.
#include "evidence/evidence.h"

namespace exota::evidence {

std::string_view name_of(Source source) noexcept {
    switch (source) {
        case Source::mta:
            return "mta";
        case Source::peer_certificate:
            return "peer_certificate";
        case Source::smtp_parameter:
            return "smtp_parameter";
        case Source::header_field:
            return "header_field";
        case Source::own_verification:
            return "own_verification";
        case Source::given:
            return "given";
    }
    return "given";
}

std::string_view name_of(CertificateHint hint) noexcept {
    switch (hint) {
        case CertificateHint::none:
            return "none";
        case CertificateHint::no_certificate_seen:
            return "no_certificate_seen";
        case CertificateHint::no_verify_macro:
            return "no_verify_macro";
        case CertificateHint::not_verified:
            return "not_verified";
    }
    return "none";
}

std::string_view name_of(MailClass mail_class) noexcept {
    switch (mail_class) {
        case MailClass::ordinary:
            return "ordinary";
        case MailClass::non_delivery_report:
            return "non_delivery_report";
        case MailClass::auto_reply:
            return "auto_reply";
        case MailClass::forward:
            return "forward";
        case MailClass::journal:
            return "journal";
        case MailClass::connector_validation:
            return "connector_validation";
    }
    return "ordinary";
}

std::string_view name_of(DkimResult::Value value) noexcept {
    switch (value) {
        case DkimResult::Value::pass:
            return "pass";
        case DkimResult::Value::fail:
            return "fail";
        case DkimResult::Value::permerror:
            return "permerror";
        case DkimResult::Value::temperror:
            return "temperror";
        case DkimResult::Value::neutral:
            return "neutral";
        case DkimResult::Value::policy:
            return "policy";
        case DkimResult::Value::none:
            return "none";
    }
    return "none";
}

std::string_view name_of(SpfValue value) noexcept {
    switch (value) {
        case SpfValue::none:
            return "none";
        case SpfValue::neutral:
            return "neutral";
        case SpfValue::pass:
            return "pass";
        case SpfValue::fail:
            return "fail";
        case SpfValue::softfail:
            return "softfail";
        case SpfValue::temperror:
            return "temperror";
        case SpfValue::permerror:
            return "permerror";
    }
    return "none";
}

std::string_view name_of(ArcValue value) noexcept {
    switch (value) {
        case ArcValue::none:
            return "none";
        case ArcValue::pass:
            return "pass";
        case ArcValue::fail:
            return "fail";
        case ArcValue::temperror:
            return "temperror";
    }
    return "none";
}

std::string_view name_of(IprevValue value) noexcept {
    switch (value) {
        case IprevValue::pass:
            return "pass";
        case IprevValue::fail:
            return "fail";
        case IprevValue::temperror:
            return "temperror";
        case IprevValue::permerror:
            return "permerror";
    }
    return "temperror";
}

std::string_view name_of(DmarcValue value) noexcept {
    switch (value) {
        case DmarcValue::none:
            return "none";
        case DmarcValue::pass:
            return "pass";
        case DmarcValue::fail:
            return "fail";
        case DmarcValue::temperror:
            return "temperror";
        case DmarcValue::permerror:
            return "permerror";
    }
    return "none";
}

}  // namespace exota::evidence
