/// The counters, for all who count.
final class Tally {
    var counters = BrokerCounters()
}
