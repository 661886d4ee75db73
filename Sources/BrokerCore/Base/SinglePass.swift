/// A pass over everything that there is, in slices: one at a time, however often there is an occasion for one. What comes up
/// while it goes on makes it begin anew when it is over.
struct SinglePass {
    private var isUnderWay = false
    private var isOutdated = false

    /// There is an occasion. False: one goes on, and begins anew.
    mutating func begin() -> Bool {
        if isUnderWay { isOutdated = true }
        defer { isUnderWay = true }
        return !isUnderWay
    }

    /// It is over. True: it begins anew.
    mutating func end() -> Bool {
        isUnderWay = isOutdated
        isOutdated = false
        return isUnderWay
    }
}
