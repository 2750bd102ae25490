-- Several messages on one connection: each judged by itself, in any order of verdicts.
dofile(dir .. "/lib.lua")

test("several accepted messages on one connection", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  for n = 1, 20 do message(c, "MANY" .. n, GOOD); accepted(c) end
  mt.disconnect(c)
end)

test("reject, then accept, then reject", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  message(c, "RAR1", UNSIGNED); refused(c)
  message(c, "RAR2", GOOD);     accepted(c)
  message(c, "RAR3", UNSIGNED); refused(c)
  message(c, "RAR4", GOOD);     accepted(c)
  mt.disconnect(c)
end)

test("a message without any field after one that was accepted", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  message(c, "EMPTY1", GOOD); accepted(c)
  message(c, "EMPTY2", {});   refused(c)
  mt.disconnect(c)
end)
