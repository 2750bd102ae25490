#include "net/tls_context.h"

#include <gtest/gtest.h>

#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::net {
namespace {

using testing::Identity;
using testing::TemporaryDirectory;
using testing::write_file;

TEST(TlsContext, files_and_their_errors) {
    const TemporaryDirectory directory;
    const Identity root = Identity::root("Root"), server = root.issue({}), other = root.issue({});
    write_file(directory.path("chain"), server.chain());
    write_file(directory.path("key"), server.key());
    write_file(directory.path("both"), server.chain() + server.key());
    write_file(directory.path("other"), other.key());
    write_file(directory.path("roots"), root.chain());
    write_file(directory.path("garbage"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write_file(
        directory.path("locked"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGrMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n-----END ENCRYPTED "
        "PRIVATE KEY-----\n");
    const auto path = [&](const char* name) { return *name == '\0' ? std::string() : directory.path(name); };
    const struct {
        const char *name, *certificate, *key, *roots;
        TlsRole role;
        std::optional<base::Errc> error;
    } cases[] = {
        {"two files", "chain", "key", "roots", TlsRole::server, {}},
        {"one file", "both", "", "roots", TlsRole::server, {}},
        {"the system's roots", "both", "", "", TlsRole::server, {}},
        {"a client needs none", "", "", "roots", TlsRole::client, {}},
        {"a client with one", "chain", "key", "roots", TlsRole::client, {}},
        {"a server needs one", "", "", "roots", TlsRole::server, base::Errc::invalid_data},
        {"no such certificate", "missing", "key", "roots", TlsRole::server, base::Errc::not_found},
        {"no such key", "chain", "missing", "roots", TlsRole::server, base::Errc::not_found},
        {"no such roots", "chain", "key", "missing", TlsRole::server, base::Errc::not_found},
        {"another's key", "chain", "other", "roots", TlsRole::server, base::Errc::invalid_data},
        {"no key in it", "chain", "chain", "roots", TlsRole::server, base::Errc::invalid_data},
        {"a key with a pass phrase", "chain", "locked", "roots", TlsRole::server, base::Errc::invalid_data},
        {"no certificate in it", "garbage", "key", "roots", TlsRole::server, base::Errc::invalid_data},
        {"no roots in it", "chain", "key", "garbage", TlsRole::client, base::Errc::invalid_data},
    };
    for (const auto& c : cases) {
        const auto context = TlsContext::make(
            c.role,
            {.certificate_file = path(c.certificate), .key_file = path(c.key), .roots_file = path(c.roots), .request_certificate = true});
        if (!c.error) {
            EXPECT_TRUE(context) << c.name << ": " << context.error().detail;
        } else if (context) {
            ADD_FAILURE() << c.name << ": taken";
        } else {
            EXPECT_EQ(context.error().code, *c.error) << c.name << ": " << context.error().detail;
            EXPECT_NE(context.error().detail.find(' '), std::string::npos) << "says why";
        }
    }
}

}  // namespace
}  // namespace exota::net
