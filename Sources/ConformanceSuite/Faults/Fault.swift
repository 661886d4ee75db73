import AMQPWire
import BrokerCore

/// One way to be wrong, with a name: what turns our broker into a broken one, seen from outside.
///
/// A fault sits between a case and the broker in process, and spoils what passes: a request on its way in, so that the
/// broker does something else than it was asked for, or what the broker says on its way out. Nothing of it is in the
/// broker. The lists are in Lists/, a line a fault; `Scripts/mutants` runs them all.
///
/// What such a fault can't be wrong about, because it would have to know what the broker knows, the broker itself is
/// wrong about: a ``quirk``.
struct Fault: Sendable {
    /// What becomes of a parcel: itself, changed or not, several, or none.
    typealias Hook = @Sendable (Parcel, inout Memory) -> [Parcel]
    typealias OctetsHook = @Sendable (inout [UInt8], inout Memory) -> Void

    var name: String
    /// The methods that the hooks are about; empty: any.
    var methods: Set<MethodID> = []
    var request: Hook?
    var reply: Hook?
    /// For frames that are no part of a method with all of its content, and for octets that are no frame.
    var octetsIn: OctetsHook?
    var octetsOut: OctetsHook?
    var configure: (@Sendable (inout BrokerConfiguration) -> Void)?
    /// How far the broker's clock goes when a case moves it by so many milliseconds.
    var clock: (@Sendable (Int) -> Int)?

    /// What the broker itself is to be wrong about: the name of a `Quirk` in its sources.
    var quirk: String?

    /// Only cases that restart or kill the broker are run with it.
    var isAboutRestarts = false
    /// Only cases in which time goes by are run with it.
    var isAboutTime = false

    /// Nothing is wrong: what a case finds here, it finds on a sound broker.
    static let none = Fault(name: "none")

    /// What a fault remembers of one broker's clients.
    struct Memory: Sendable {
        struct Key: Hashable, Sendable {
            var connection: Int
            var channel: UInt16
        }

        /// The connection that the hook is called for, from 1.
        var connection = 0
        /// How often the broker was restarted or killed.
        var restarts = 0
        var count = 0
        var names: Set<String> = []
        var kept: [Parcel] = []
        /// Sent to the broker on the connection of the hook, behind what the hook returns.
        var extra: [Parcel] = []
        /// The connection of the hook is to be broken off.
        var hangsUp = false
        /// How many of the fault's methods have passed on each channel.
        var passed: [Key: Int] = [:]
        /// Requests of each channel, the last 50.
        var recent: [Key: [Parcel]] = [:]
        /// What a barrier's answer stands for; nil: for itself.
        var standIns: [Key: [Method?]] = [:]
        /// Channels that were opened again behind the client's back.
        var reopened: Set<Key> = []
        /// Answers that the client must not see, because the fault asked.
        var swallowed = 0

        func key(_ parcel: Parcel) -> Key { Key(connection: connection, channel: parcel.channel) }
    }
}
