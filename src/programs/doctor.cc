// exota doctor: which demands of docs/postfix.md are not met on this host? Reads and asks, changes nothing.
//
// Tested by tests/system/test_doctor.py.
#include <algorithm>
#include <memory>

#include "programs/doctor_gather.h"
#include "programs/installed_documents.h"
#include "programs/json_output.h"
#include "programs/options.h"
#include "programs/problems.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using base::JsonArray;
using base::JsonObject;

struct Options {
    std::optional<std::string> config;
    std::string postconf, opendkim_conf = "/etc/opendkim.conf";
    bool strict = false, json = false;
};

std::string as_text(const DoctorFinding& finding) {
    std::string out = std::string(name_of(finding.grade)) + ": " + (finding.where.empty() ? "" : finding.where + ": ") + finding.is;
    if (!finding.should.empty()) out += "; should be " + finding.should;
    return with_installed_documents(out + " [docs/postfix.md, " + finding.paragraph + "]\n");
}

void add_finding(JsonArray& findings, const DoctorFinding& finding) {
    findings.add([&finding](JsonObject& members) {
        members.add("grade", name_of(finding.grade));
        members.add("demand", finding.demand);
        members.add("where", finding.where);
        members.add("is", finding.is);
        members.add("should", finding.should);
        members.add("document", with_installed_documents("docs/postfix.md"));
        members.add("paragraph", finding.paragraph);
    });
}

std::string as_json(const std::vector<DoctorFinding>& all) {
    const auto count = [&all](Grade grade) { return std::ranges::count(all, grade, &DoctorFinding::grade); };
    return json_output([&](JsonObject& members) {
        members.add("wrong", count(Grade::wrong));
        members.add("warnings", count(Grade::warning));
        members.add("unknown", count(Grade::unknown));
        members.add("ok", count(Grade::ok));
        members.add("findings", [&all](JsonArray& findings) {
            findings.set_lines({"", ",\n ", ""});
            for (const DoctorFinding& finding : all) add_finding(findings, finding);
        });
    });
}

Exit run(const Options& options) {
    const app::ReadFiles files = app::read_chosen_files(options.config, environ);
    if (errors_in(files) > 0) {
        complain(to_text(files.problems));
        return exit_of(files);
    }
    const tenant::Index nobody;  // those of a server are not read whole
    const DoctorFacts facts = gather(*files.config, files.tenants ? *files.tenants : nobody, options.postconf, options.opendkim_conf);
    const std::vector<DoctorFinding> findings = examine(facts);
    const auto count = [&](Grade grade) { return std::ranges::count(findings, grade, &DoctorFinding::grade); };
    const auto wrong = count(Grade::wrong), warnings = count(Grade::warning), unknown = count(Grade::unknown), ok = count(Grade::ok);
    if (options.json) {
        print(as_json(findings));
    } else {
        for (const DoctorFinding& finding : findings) print(as_text(finding));
        print(std::to_string(wrong) + " wrong, " + std::to_string(warnings) + (warnings == 1 ? " warning, " : " warnings, ") +
              std::to_string(unknown) + " unknown, " + std::to_string(ok) + " ok\n");
    }
    return wrong > 0 || (options.strict && warnings + unknown > 0) ? Exit::bad_config : Exit::ok;
}

}  // namespace

void add_doctor(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("doctor", "Say what of docs/postfix.md is not so: Postfix, OpenDKIM, sockets, DNS");
    command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                   options->config);
    command.option({.names = "--postconf",
                    .about = "The program postconf, or a Postfix's configuration directory (default: postconf in PATH)",
                    .type = "PATH"},
                   options->postconf);
    command.option({.names = "--opendkim-conf", .about = "OpenDKIM's configuration (default: /etc/opendkim.conf)", .type = "FILE"},
                   options->opendkim_conf);
    command.flag("--strict", options->strict, "Count warnings, and what is unknown, as wrong");
    command.flag("--json", options->json, "Print JSON");
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
