/// How long a stream keeps what it has: `7D`.
enum MaximumAge {
    /// What `1h` means, and the like: a number above 0 and a unit; nil: nothing.
    static func milliseconds(_ text: String) -> Int64? {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        let units: [String: Int64] = [
            "Y": 31_536_000_000, "M": 2_592_000_000, "D": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000,
        ]
        guard !digits.isEmpty, let unit = units[String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)]
        else { return nil }
        var number: Int64 = 0
        for digit in digits {
            // More than all the time there is is as good as that.
            guard number < Int64.max / unit / 10 - 1 else { return .max / 2 }
            number = number * 10 + Int64(digit - 0x30)
        }
        return number > 0 ? number * unit : nil
    }
}
