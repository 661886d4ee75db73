#if DEBUG
    import Synchronization

    /// Makes one broker wrong in one way, and knows which ways were asked for. See ``Quirk``.
    ///
    /// A broker that is started again with the same configuration keeps it.
    @_spi(Quirks) public final class QuirkWatch: Sendable {
        /// That of the broker whose step this is. Threads that read its store ahead have none.
        @TaskLocal static var current: QuirkWatch?
        /// Some broker of this process has one. Mostly none has, and then nothing else is looked at.
        private static let isUsed = Atomic(false)

        /// nil: none, it only listens.
        private let active: String?
        private let state = Mutex(State())

        private struct State {
            var asked: Set<String> = []
            var starts = 0
        }

        public init(_ active: String? = nil) {
            self.active = active
            Self.isUsed.store(true, ordering: .relaxed)
        }

        /// Those that were asked for, unless one was active.
        public var asked: Set<String> { state.withLock { $0.asked } }

        /// How often a broker has started with it.
        var starts: Int { state.withLock { $0.starts } }

        func begin() { state.withLock { $0.starts += 1 } }

        static func isActive(_ name: String) -> Bool {
            guard isUsed.load(ordering: .relaxed), let watch = current else { return false }
            if let active = watch.active { return active == name }
            watch.state.withLock { _ = $0.asked.insert(name) }
            return false
        }
    }
#endif

extension BrokerConfiguration {
    /// Does something for the broker of this configuration, with the quirk that it has, if any.
    @_spi(Quirks) public func watched<Value, Thrown>(
        _ body: () throws(Thrown) -> Value
    ) throws(Thrown) -> Value {
        #if DEBUG
            if let quirks {
                return try QuirkWatch.$current.withValue(quirks) {
                    Result { () throws(Thrown) in try body() }
                }.get()
            }
        #endif
        return try body()
    }
}
