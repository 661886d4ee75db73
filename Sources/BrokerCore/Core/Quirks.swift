/// Every way in which the broker can be made wrong, by name; see ``Quirk``.
@_spi(Quirks) public enum Quirks {
    #if DEBUG
        public static let names =
            names(RoutingQuirk.self) + names(QueueQuirk.self) + names(SessionQuirk.self)
            + names(StoreQuirk.self) + names(CoreQuirk.self)

        private static func names<Kind: Quirk>(_ kind: Kind.Type) -> [String] { kind.allCases.map(\.rawValue) }
    #else
        /// A release build has none.
        public static let names: [String] = []
    #endif
}
