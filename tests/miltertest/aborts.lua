-- ABORT in every state clears the message and keeps the connection: nothing of the aborted message may help the next one.
dofile(dir .. "/lib.lua")

local stages = {
  { "before MAIL", function(c) end },
  { "after MAIL", function(c) step(mt.mailfrom, c, "<jane@contoso.com>") end },
  { "after RCPT", function(c) step(mt.mailfrom, c, "<jane@contoso.com>"); step(mt.rcptto, c, "<bob@dest.test>") end },
  { "after DATA", function(c) envelope(c, "AB1") end },
  { "after From", function(c) envelope(c, "AB2"); step(mt.header, c, "From", "jane@contoso.com") end },
  { "after the validator's result", function(c)
      envelope(c, "AB3")
      for _, field in ipairs(GOOD) do step(mt.header, c, field[1], field[2]) end
    end },
  { "after the header", function(c)
      envelope(c, "AB4")
      for _, field in ipairs(GOOD) do step(mt.header, c, field[1], field[2]) end
      step(mt.eoh, c)
    end },
  { "after the body", function(c)
      envelope(c, "AB5")
      for _, field in ipairs(GOOD) do step(mt.header, c, field[1], field[2]) end
      step(mt.eoh, c); step(mt.bodystring, c, "Hello\r\n")
    end },
}

for _, stage in ipairs(stages) do
  test("ABORT " .. stage[1] .. " leaves nothing behind", function()
    local c = connect(); client(c, "40.92.0.10", OURS)
    stage[2](c)
    mt.abort(c)
    message(c, "AFTER", UNSIGNED); refused(c)         -- an inherited dkim=pass would authorise this
    mt.abort(c)
    message(c, "AFTER2", { {"Authentication-Results", PASS} }); refused(c)  -- an inherited From would authorise this
    message(c, "AFTER3", GOOD); accepted(c)           -- the certificate belongs to the connection and is still known
    mt.disconnect(c)
  end)
end

test("MAIL without ABORT begins anew as well", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  envelope(c, "NEW1")
  for _, field in ipairs(GOOD) do step(mt.header, c, field[1], field[2]) end
  message(c, "NEW2", UNSIGNED); refused(c)
  mt.disconnect(c)
end)
