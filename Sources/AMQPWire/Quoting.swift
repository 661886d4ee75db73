/// Octets as text in single quotes that stays on its line and in its quotes.
///
/// Control characters, and the invisible ones that change how a line reads (line separators, directional marks), show
/// as escapes; so do octets that are not UTF-8 (`\xFF`). A peer's words can then not pass for a log line of their own.
public func quoted(_ octets: some Collection<UInt8>) -> String {
    var text = "'"
    guard String(validating: octets, as: UTF8.self) != nil else {
        for octet in octets { text += octet < 0x80 ? escaped(Unicode.Scalar(octet)) : "\\x" + hex(UInt32(octet)) }
        return text + "'"
    }
    for scalar in String(decoding: octets, as: UTF8.self).unicodeScalars { text += escaped(scalar) }
    return text + "'"
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "'", "\\": return "\\\(scalar)"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case " "..."~": return String(scalar)
    default: break
    }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        "\\u{\(hex(scalar.value))}"
    default: String(scalar)
    }
}

private func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return digits.count < 2 ? "0" + digits : digits
}
