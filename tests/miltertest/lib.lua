-- What the scripts share. A Lua error ends miltertest with status 1 and no word, so each script runs inside `test`, which says what
-- went wrong. Steps that the filter negotiated away raise an error; `step` leaves those out, as an MTA does.
PORT = PORT or port

function say(text) mt.echo(text) end

function test(name, body)
  local ok, problem = pcall(body)
  if not ok then
    say("FAIL " .. name .. ": " .. tostring(problem))
    os.exit(1)
  end
  say("ok " .. name)
end

function connect()
  local c = mt.connect("inet:" .. PORT .. "@127.0.0.1", 40, 0.05)
  if c == nil then error("cannot connect") end
  return c
end

-- An MTA leaves out what the filter negotiated away.
function step(fn, ...)
  local ok, problem = pcall(fn, ...)
  if not ok and not string.find(tostring(problem), "negotiated", 1, true) then error(problem, 2) end
end

function client(c, address, certificate)
  mt.macro(c, SMFIC_CONNECT, "v", "Postfix 3.7.11", "j", "gw.test", "{daemon_name}", "gw.test")
  if mt.conninfo(c, "exo.test", address or "40.92.0.10") ~= nil then error("conninfo") end
  if certificate then
    mt.macro(c, SMFIC_HELO, "{tls_version}", "TLSv1.3", "{cipher}", "TLS_AES_256_GCM_SHA384", "{cert_subject}", certificate, "{cert_issuer}", "Test Root CA")
  end
  step(mt.helo, c, "exo.test")
end

OURS = "mail.protection.outlook.com"
PASS = "mx.test; dkim=pass header.d=contoso.com"

-- One message up to its end; fields is a list of {name, value}.
function message(c, id, fields)
  envelope(c, id)
  for _, field in ipairs(fields) do step(mt.header, c, field[1], field[2]) end
  step(mt.eoh, c)
  step(mt.bodystring, c, "Hello\r\n")
  mt.macro(c, string.byte("E"), "i", id)
  if mt.eom(c) ~= nil then error("eom") end
end

function envelope(c, id)
  step(mt.mailfrom, c, "<jane@contoso.com>")
  step(mt.rcptto, c, "<bob@dest.test>")
  mt.macro(c, string.byte("T"), "i", id)
  step(mt.data, c)
end

function reply_is(c, wanted)
  local got = string.char(math.floor(mt.getreply(c)))
  local want = string.char(math.floor(wanted))
  if got ~= want then error("reply " .. got .. " instead of " .. want, 2) end
end

function accepted(c)
  local got = math.floor(mt.getreply(c))
  if got ~= math.floor(SMFIR_CONTINUE) and got ~= math.floor(SMFIR_ACCEPT) then error("not accepted: reply " .. string.char(got), 2) end
end

function refused(c) reply_is(c, SMFIR_REPLYCODE) end

SIGNATURE = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.com; s=selector1; h=From:Date:Subject; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA"
GOOD = { {"From", "Jane <jane@contoso.com>"}, {"Authentication-Results", PASS}, {"DKIM-Signature", SIGNATURE}, {"Received", "from a by b; now"} }
UNSIGNED = { {"From", "Jane <jane@contoso.com>"}, {"Authentication-Results", "mx.test; dkim=none"}, {"Received", "from a by b; now"} }
