import Testing

@testable import BrokerCore
@testable import workbook

@Suite struct TraceStopTests {
    /// A type that has none is traced as the default exchange, whose place and rules are others.
    @Test(arguments: ExchangeTypes<Int>.all.map { $0.type }) func everyTypeOfExchangeHasAStop(type: String) {
        let place = TraceStop.routing(type).places.last?.place
        #expect(place != nil && place != TraceStop.routing(nil).places.last?.place)
        #expect(TraceStop.all.contains { $0.places.last?.place == place }, "its marker is not looked for")
    }
}
