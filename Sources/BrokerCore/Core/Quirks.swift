import AMQPWire

/// Every way in which the broker can be made wrong, by name; see ``Quirk``.
@_spi(Quirks) public enum Quirks {
    #if DEBUG
        public static let names =
            names(BaseQuirk.self) + names(RoutingQuirk.self) + names(QueueQuirk.self) + names(StreamQuirk.self)
            + names(ArgumentQuirk.self) + names(PolicyQuirk.self) + names(QuorumQuirk.self) + names(SessionQuirk.self)
            + names(ConnectionQuirk.self) + names(ChannelQuirk.self) + names(TimeoutQuirk.self) + names(StoreQuirk.self)
            + names(CoreQuirk.self) + names(ReportedQuirk.self)

        private static func names<Kind: Quirk>(_ kind: Kind.Type) -> [String] { kind.allCases.map(\.rawValue) }
    #else
        /// A release build has none.
        public static let names: [String] = []
    #endif
}

extension VirtualHost {
    /// The exchange of a name; for a quirk, the first that was looked up, though it may be gone or another one by now.
    func exchange(_ name: ShortString, isTheFirst: Bool) -> Exchange<any Queue>? {
        guard isTheFirst else { return exchanges[name] }
        let exchange = firstExchanges[name] ?? exchanges[name]
        firstExchanges[name] = exchange
        return exchange
    }

    /// For a quirk: an empty key leads where it leads from any topic exchange.
    func leadThroughEveryTopic(_ pass: inout RoutingPass<any Queue>, from start: Exchange<any Queue>) {
        guard start.declaration.type == "topic" else { return }
        for exchange in exchanges.values where exchange.declaration.type == "topic" {
            for binding in exchange.bindings where binding.key.isEmpty { pass.reach(binding.destination) }
        }
    }
}
