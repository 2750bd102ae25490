-- Macros by stage, and the life of each: certificate facts belong to the session inside TLS, the queue id to the message.
dofile(dir .. "/lib.lua")

-- Where MTAs send the certificate: Postfix with HELO; upstream's own tests with RCPT; operators' macro lists with MAIL or DATA.
local stages = { {"CONNECT", SMFIC_CONNECT}, {"HELO", SMFIC_HELO}, {"MAIL", SMFIC_MAIL}, {"RCPT", SMFIC_RCPT}, {"DATA", string.byte("T")}, {"EOM", string.byte("E")} }
for _, stage in ipairs(stages) do
  test("certificate named at " .. stage[1], function()
    local c = connect()
    local function cert(at)
      if at == stage[1] then
        mt.macro(c, stage[2], "i", "CERT" .. stage[1], "v", "Postfix 3.7.11", "{tls_version}", "TLSv1.3", "{cert_subject}", OURS)
      elseif at == "CONNECT" then
        mt.macro(c, SMFIC_CONNECT, "v", "Postfix 3.7.11")
      end
    end
    cert("CONNECT"); mt.conninfo(c, "exo.test", "40.92.0.10")
    cert("HELO");    step(mt.helo, c, "exo.test")
    cert("MAIL");    step(mt.mailfrom, c, "<jane@contoso.com>")
    cert("RCPT");    step(mt.rcptto, c, "<bob@dest.test>")
    cert("DATA");    step(mt.data, c)
    for _, field in ipairs(GOOD) do step(mt.header, c, field[1], field[2]) end
    step(mt.eoh, c)
    cert("EOM"); mt.eom(c)
    -- At CONNECT there is no TLS yet: HELO replaces the TLS facts as a whole, so a certificate named only there is gone.
    if stage[1] == "CONNECT" then refused(c) else accepted(c) end
    mt.disconnect(c)
  end)
end

test("without a certificate nothing is proven", function()
  local c = connect(); client(c, "203.0.113.9")
  message(c, "NOCERT", GOOD); refused(c)
  mt.disconnect(c)
end)

test("another name is no proof", function()
  local c = connect(); client(c, "203.0.113.9", "mail.contoso.test")
  message(c, "OTHER", GOOD); refused(c)
  mt.disconnect(c)
end)

test("a name in other letter case is the same name", function()
  local c = connect(); client(c, "40.92.0.10", "Mail.Protection.Outlook.COM")
  message(c, "CASE", GOOD); accepted(c)
  mt.disconnect(c)
end)

test("a second HELO without TLS facts takes the certificate away", function()
  local c = connect(); client(c, "203.0.113.9", OURS)
  message(c, "BEFORE", GOOD); accepted(c)
  mt.macro(c, SMFIC_HELO, "j", "gw.test")
  step(mt.helo, c, "exo.test")
  message(c, "LATER", GOOD); refused(c)
  mt.disconnect(c)
end)

test("another MTA needs {verify} = OK", function()
  for _, case in ipairs({ {"OK", true}, {"FAIL", false}, {"NO", false}, {"", false} }) do
    local c = connect()
    mt.macro(c, SMFIC_CONNECT, "v", "8.17.1", "j", "sendmail.test")
    mt.conninfo(c, "exo.test", "203.0.113.9")
    mt.macro(c, SMFIC_HELO, "{tls_version}", "TLSv1.3", "{verify}", case[1], "{cn_subject}", OURS, "{cert_subject}", "/CN=" .. OURS)
    step(mt.helo, c, "exo.test")
    message(c, "VERIFY" .. case[1], GOOD)
    if case[2] then accepted(c) else refused(c) end
    mt.disconnect(c)
  end
end)

test("a client of an unknown family has no address, and is judged", function()
  local c = connect()
  mt.macro(c, SMFIC_CONNECT, "v", "Postfix 3.7.11")
  mt.conninfo(c, "localhost", "unspec")
  mt.macro(c, SMFIC_HELO, "{tls_version}", "TLSv1.3", "{cert_subject}", OURS)
  step(mt.helo, c, "exo.test")
  message(c, "UNSPEC", GOOD); accepted(c)
  message(c, "UNSPEC2", UNSIGNED); refused(c)
  mt.disconnect(c)
end)

test("IPv6 client", function()
  local c = connect(); client(c, "2a01:111:f400::10", OURS)
  message(c, "SIX", GOOD); accepted(c)
  mt.disconnect(c)
end)
