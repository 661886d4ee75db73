extension BrokerCore {
    /// How much one client's frames, or what they caused, may do before the next one's turn comes: frames, places in queues,
    /// and octets of what is published again; see ``Message/unitsOfPublishingAgain``. Some milliseconds' worth.
    static let quantum = 4000
    /// What a slice of long work counts.
    static let sliceUnits = 1000
    /// So many looks at bindings take about as long as what counts one.
    static let placesOfUnit = 8
    /// What it counts when a queue's time has come.
    static let unitsOfTimer = 4
    /// What it counts to remove a binding.
    static let unitsOfRemoval = 4
}
