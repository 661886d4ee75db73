/// The runs of one figure.
struct Samples: Sendable {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var lowest: Double { sorted.first ?? 0 }
    var highest: Double { sorted.last ?? 0 }

    /// The middle one, or the mean of the two in the middle; 0 for none.
    var median: Double {
        let middle = sorted.count / 2
        if sorted.isEmpty { return 0 }
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The value below or at which this share, from 0 to 1, of all values lie; 0 for none.
    func percentile(_ share: Double) -> Double {
        if sorted.isEmpty { return 0 }
        return sorted[max(0, min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1))]
    }

    /// From the lowest to the highest, in per cent of the median: how far to trust it.
    var spread: Double { median == 0 ? 0 : (highest - lowest) / median * 100 }
}
