// What the cross-check lets through, and each thing that it stops: forged results beside signatures that a forger invents.
#include "evidence/cross_check.h"

#include <gtest/gtest.h>

#include "evidence/authres_trust.h"
#include "evidence/collector.h"
#include "mail/single_field.h"

namespace exota::evidence {
namespace {

const std::string digest = std::string(43, 'A') + '=';

std::string signature(std::string_view tags = "d=x.example; s=s1; h=From:Subject; b=AbCdEfGh") {
    return "v=1; a=rsa-sha256; c=relaxed/relaxed; bh=" + digest + "; " + std::string(tags);
}

struct Field {
    std::string name, value;
};

/// What is believed of a message with these fields below the validator's.
std::string outcome(std::string_view results, const std::vector<Field>& fields) {
    static const MessageLimits limits;
    Collector collector(limits);
    collector.mail("<a@x.example>");
    collector.header_field("Authentication-Results", "gw.example; " + std::string(results));
    for (const Field& field : fields) collector.header_field(field.name, field.value);
    AuthresTrust trust;
    trust.authserv_ids = {"gw.example"};
    const BelievedDkim believed = believed_dkim(collector.finish().header, "", trust);
    if (!believed.not_counted.empty()) return believed.not_counted;
    std::string out;
    for (const DkimResult& result : believed.results)
        out.append(out.empty() ? "" : ", ").append(result.counts ? name_of(result.value) : std::string_view(result.detail));
    return out;
}

std::vector<Field> with_signature(const std::string& value) { return {{"DKIM-Signature", value}, {"From", "a@x.example"}}; }

constexpr std::string_view pass = "dkim=pass header.d=x.example";

TEST(CrossCheck, a_pass_names_a_signature) {
    struct Case {
        std::string_view results, want;
    };
    const Case cases[] = {
        {pass, "pass"},
        {"dkim=pass (2048-bit key) header.d=X.Example header.i=@x.example header.a=rsa-sha256 header.s=S1 header.b=AbCd", "pass"},
        {"dkim=pass header.d=x.example header.b=\"AbCdEfGh\"", "pass"},
        {"dkim=pass header.d=x.example header.b=abcd", "result-without-signature"},       // case counts in base64
        {"dkim=pass header.d=x.example header.b=AbCdEfGhI", "result-without-signature"},  // longer than b=
        {"dkim=pass header.d=x.example header.s=s2", "result-without-signature"},
        {"dkim=pass header.d=y.example", "result-without-signature"},
        {"dkim=pass header.d=sub.x.example", "result-without-signature"},
        {"dkim=pass header.i=@x.example", "no header.d"},
        {"dkim=fail header.d=x.example", "fail"},
        {"dkim=none", "no header.d"},
        {"dkim=fail header.d=y.example; dkim=pass header.d=x.example", "result-without-signature"},  // more than there are
        {"dkim=none; dkim=pass header.d=x.example", "no header.d, pass"},
    };
    for (const Case& c : cases) EXPECT_EQ(outcome(c.results, with_signature(signature())), c.want) << c.results;
    EXPECT_EQ(outcome(pass, {{"From", "a@x.example"}}), "result-without-signature");
    EXPECT_EQ(outcome("dkim=none", {{"From", "a@x.example"}}), "no header.d");
}

TEST(CrossCheck, each_signature_must_be_readable_in_form) {
    const std::string b = "; b=AAAA", bh = "; bh=" + digest, h = "; h=From", s = "; s=s", v = "v=1; a=rsa-sha256; d=x.example";
    const std::string unreadable[] = {
        "garbage",
        "",
        "v=1",
        ";;;;",
        ";" + signature(),
        signature() + ";;",
        signature() + "; ; z=1",
        std::string("v=1; a=rsa-sha256; d=x.example\0; s=s; h=From; b=A; bh=", 54) + digest,
        "v=1; a=rsa-sha256; d=contoso.com(x).evil.test; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=a=b; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=b\xC3\xBC.example; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=b\xFC.example; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=a..example; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=a.example.; s=s; h=From; b=AAAA" + bh,
        "v=1; a=rsa-sha256; d=" + std::string(64, 'a') + ".example; s=s; h=From; b=AAAA" + bh,
        v + "; s=s._domainkey." + std::string(240, 'a') + h + b + bh,
        v + "; s=a b" + h + b + bh,
        v + "; s=" + h + b + bh,
        v + "; s=s." + h + b + bh,
        v + s + "; h=" + b + bh,
        v + s + h + "; b=" + bh,
        v + s + h + b,   // no bh=
        v + s + b + bh,  // no h=
        v + h + b + bh,  // no s=
        "a=rsa-sha256; d=x.example" + s + h + b + bh,
        "v=1; d=x.example" + s + h + b + bh,
        signature() + "; d=y.example",
        signature() + "; t=",
        signature() + "; t=x",
        signature() + "; t=-1",
        signature() + "; t=1 2",
        signature() + "; x=0x10",
        signature() + "; l=1e3",
        signature() + "; t=" + std::string(19, '1'),
        signature() + "; zz=\xC3\xBC",
        signature() + "; zz=a\x01",
        signature() + "; zz=a\x7f",
        signature() + "; zz=\r",
        signature() + "; zz=a\nb",
        signature() + "; i=a=3B=20dkim=3Dpass=20header.d=3Dcontoso.com=20header.i=3D@x.example",
        signature() + "; i=a=20b@x.example",
        signature() + "; i=a=28@x.example",
        signature() + "; i=a=22@x.example",
        signature() + "; i=a=FF@x.example",
        signature() + "; i=a=0D=0Ab@x.example",
        signature() + "; i=a=3b@x.example",
        signature() + "; i=x.example",
        signature() + "; i=@",
        signature() + "; i=a@b@x.example",
        signature() + "; i==@x.example",
    };
    for (const std::string& value : unreadable) {
        EXPECT_EQ(outcome(pass, with_signature(value)), "signature-unreadable") << value;
        // Beside a good signature as well, above or below it: the validator may have been silent about both.
        std::vector<Field> fields = with_signature(signature());
        fields.push_back({"DKIM-Signature", value});
        EXPECT_EQ(outcome(pass, fields), "signature-unreadable") << value;
        std::swap(fields.front(), fields.back());
        EXPECT_EQ(outcome(pass, fields), "signature-unreadable") << value;
    }
}

// Honest mail comes with old and broken signatures beside a good one.
TEST(CrossCheck, what_is_unacceptable_but_readable_leaves_the_others_alone) {
    std::string many = "From";
    for (int i = 0; i < 300; ++i) many += ":X" + std::to_string(i);
    std::string tags = signature("d=x.example; s=s1; h=From; b=AAAA");
    for (int i = 0; i < 70; ++i) tags += "; z" + std::to_string(i) + "=1";
    const auto with = [](std::string_view head, std::string_view rest = "d=x.example; s=s1; h=From; b=AAAA") {
        return std::string(head) + "; bh=" + digest + "; " + std::string(rest);
    };
    const std::string unacceptable[] = {
        with("v=1; a=rsa-sha1"),
        with("v=0.5; a=rsa-sha256"),
        with("v=1; a=rsa-sha256; c=nowsp"),
        with("v=1; a=rsa-sha256; t=20; x=10"),
        with("v=1; a=rsa-sha256", "d=x.example; s=s1; h=Subject; b=AAAA"),
        with("v=1; a=rsa-sha256", "d=x.example; s=s1; b=AAAA; h=" + many),
        with("v=1; a=rsa-sha256; i=@other.example"),
        with("v=1; a=rsa-sha256; q=http"),

        tags,
    };
    for (const std::string& value : unacceptable) {
        const std::string alone = outcome(pass, with_signature(value));
        EXPECT_NE(alone, "pass") << value;
        EXPECT_NE(alone, "signature-unreadable") << value;
        std::vector<Field> fields = with_signature(value);
        fields.push_back({"DKIM-Signature", signature("d=good.example; s=s1; h=From; b=AAAA")});
        EXPECT_EQ(outcome("dkim=permerror header.d=x.example; dkim=pass header.d=good.example", fields).substr(0, 15), "permerror, pass")
            << value;
        // Beside a good one of the same domain as well: a pass may be the good one's.
        fields.push_back({"DKIM-Signature", signature()});
        EXPECT_EQ(outcome(pass, fields), "pass") << value;
        // But what a validator that is laxer than we are may have passed has to cover the message, too.
        fields.push_back({"Date", "a"});
        fields.push_back({"Date", "b"});
        fields[fields.size() - 3].value = signature("d=x.example; s=s1; h=From:Date:Date; b=AbCd");
        EXPECT_NE(outcome(pass, fields), "pass") << value;
        EXPECT_EQ(outcome("dkim=pass header.d=x.example header.b=AbCd", fields), "pass") << value;
    }
}

TEST(CrossCheck, a_signature_covers_the_message) {
    EXPECT_EQ(outcome(pass, with_signature(signature() + "; l=5")).substr(0, 20), "the signature has l=");
    for (const std::string_view name : mail::single_fields) {
        std::vector<Field> fields = with_signature(signature("d=x.example; s=s1; h=From; b=AAAA"));
        fields.push_back({std::string(name), " a"});
        EXPECT_EQ(outcome(pass, fields), "pass") << name;
        fields.push_back({std::string(name), "a"});  // equal in relaxed form
        EXPECT_EQ(outcome(pass, fields), "pass") << name;
        fields.push_back({std::string(name) + ' ', "b"});
        EXPECT_EQ(outcome(pass, fields), "3 " + std::string(name) + " fields, h= covers 0") << name;
        fields.front().value =
            signature("d=x.example; s=s1; b=AAAA; h=From:" + std::string(name) + ':' + std::string(name) + ':' + std::string(name));
        EXPECT_EQ(outcome(pass, fields), "pass") << name;
    }
    // The lowest are signed: the topmost "b" is not.
    std::vector<Field> fields = with_signature(signature("d=x.example; s=s1; h=From:Subject:Subject; b=AAAA"));
    for (const char* value : {"b", "a", "a"}) fields.push_back({"Subject", value});
    EXPECT_EQ(outcome(pass, fields), "3 Subject fields, h= covers 2");
    std::rotate(fields.end() - 3, fields.end() - 2, fields.end());
    EXPECT_EQ(outcome(pass, fields), "pass");
    for (std::size_t i = 0; i < mail::max_compared_fields; ++i) fields.push_back({"Subject", "a"});
    EXPECT_NE(outcome(pass, fields), "pass");
}

TEST(CrossCheck, field_names_are_readable) {
    for (const std::string& name :
         {std::string("X-\xC3\xBC"), std::string("X-\xFC"), std::string("X\x01"), std::string("X\x7f"), std::string()}) {
        std::vector<Field> fields = with_signature(signature());
        fields.push_back({name, "x"});
        EXPECT_EQ(outcome(pass, fields), "signature-unreadable") << name;
    }
    std::vector<Field> fields = with_signature(signature());
    fields.push_back({"X-~!#$%&'*+ \t", "x"});
    EXPECT_EQ(outcome(pass, fields), "signature-unreadable");  // a tab is a control
    fields.back().name = "X-~!#$%&'*+ ";
    EXPECT_EQ(outcome(pass, fields), "pass");
}

TEST(CrossCheck, signatures_that_were_not_kept_are_not_known) {
    std::vector<Field> fields = with_signature(signature());
    for (std::size_t i = 0; i < MessageLimits().kept_fields - 1; ++i)
        fields.push_back({"DKIM-Signature", signature("d=z.example; s=s1; h=From; b=AAAA")});
    EXPECT_EQ(outcome(pass, fields), "pass");
    fields.push_back({"DKIM-Signature", signature("d=z.example; s=s1; h=From; b=AAAA")});
    EXPECT_EQ(outcome(pass, fields), "signature-unreadable");
}

TEST(CrossCheck, a_folded_signature_is_read) {
    const std::string folded =
        "v=1; a=rsa-sha256; c=relaxed/relaxed; bh=" + digest + ";\n\td=x.example; s=s1; h=From:\n Subject; b=AbCd\n  EfGh";
    EXPECT_EQ(outcome("dkim=pass header.d=x.example header.b=AbCdEf", with_signature(folded)), "pass");
}

}  // namespace
}  // namespace exota::evidence
