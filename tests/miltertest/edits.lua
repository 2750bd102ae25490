-- What is changed in the header of an accepted message, and that nothing is changed in a refused one.
dofile(dir .. "/lib.lua")

test("the result header is added", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  message(c, "ADD", GOOD); accepted(c)
  if not mt.eom_check(c, MT_HDRADD, "X-ExOTA-Authentication-Results") and not mt.eom_check(c, MT_HDRINSERT, "X-ExOTA-Authentication-Results") then
    error("no result header")
  end
  mt.disconnect(c)
end)

test("forged result headers are deleted, in any letter case", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  local fields = { {"X-ExOTA-Authentication-Results", "mx.test; auth=pass"}, {"x-exota-authentication-results", "mx.test; auth=pass"} }
  for _, field in ipairs(GOOD) do table.insert(fields, field) end
  message(c, "DEL", fields); accepted(c)
  if not mt.eom_check(c, MT_HDRDELETE, "X-ExOTA-Authentication-Results") and not mt.eom_check(c, MT_HDRDELETE, "x-exota-authentication-results") then
    error("not deleted")
  end
  mt.disconnect(c)
end)

test("a refused message is not changed", function()
  local c = connect(); client(c, "40.92.0.10", OURS)
  message(c, "NOEDIT", UNSIGNED); refused(c)
  if mt.eom_check(c, MT_HDRADD) or mt.eom_check(c, MT_HDRINSERT) or mt.eom_check(c, MT_HDRDELETE) then error("header edits on a refusal") end
  mt.disconnect(c)
end)
