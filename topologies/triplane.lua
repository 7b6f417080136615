-- A Wireshark dissector for labels, the destination MACs of frames between a fabric's switches.
-- tshark -X lua_script:triplane.lua -r FILE   or copy it to Wireshark's personal plugins.
local triplane = Proto("triplane", "Triplane label")
local firsts = { [0x06] = "plain", [0x0e] = "deflected", [0x16] = "tracked", [0x1e] = "deflected, tracked" }
local first = ProtoField.uint8("triplane.first", "First byte", base.HEX, firsts)
local switch = ProtoField.uint16("triplane.switch", "Switch index", base.DEC)
local slot = ProtoField.uint24("triplane.slot", "Slot", base.DEC)
local deflected = ProtoField.bool("triplane.deflected", "Deflected", 8, nil, 0x08)
triplane.fields = { first, switch, slot, deflected }

local mac = Field.new("eth.dst")

function triplane.dissector(buffer, packet, tree)
    if not mac() or buffer:len() < 14 or not firsts[buffer(0, 1):uint()] then
        return
    end
    local text = string.format("switch %d slot %d", buffer(1, 2):uint(), buffer(3, 3):uint())
    local label = tree:add(triplane, buffer(0, 6), "Triplane label: " .. text .. " (" .. firsts[buffer(0, 1):uint()] .. ")")
    label:add(first, buffer(0, 1))
    label:add(deflected, buffer(0, 1))
    label:add(switch, buffer(1, 2))
    label:add(slot, buffer(3, 3))
    packet.cols.info:prepend("[" .. text .. "] ")
end

register_postdissector(triplane)
