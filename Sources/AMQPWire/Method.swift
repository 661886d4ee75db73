/// Any method of AMQP 0-9-1 or of RabbitMQ's extensions to it, with its fields.
public enum Method: Sendable, Equatable {
    case connectionStart(ConnectionStart)
    case connectionStartOk(ConnectionStartOk)
    case connectionSecure(ConnectionSecure)
    case connectionSecureOk(ConnectionSecureOk)
    case connectionTune(ConnectionTune)
    case connectionTuneOk(ConnectionTuneOk)
    case connectionOpen(ConnectionOpen)
    case connectionOpenOk(ConnectionOpenOk)
    case connectionClose(ConnectionClose)
    case connectionCloseOk(ConnectionCloseOk)
    case connectionBlocked(ConnectionBlocked)
    case connectionUnblocked(ConnectionUnblocked)
    case connectionUpdateSecret(ConnectionUpdateSecret)
    case connectionUpdateSecretOk(ConnectionUpdateSecretOk)
    case channelOpen(ChannelOpen)
    case channelOpenOk(ChannelOpenOk)
    case channelFlow(ChannelFlow)
    case channelFlowOk(ChannelFlowOk)
    case channelClose(ChannelClose)
    case channelCloseOk(ChannelCloseOk)
    case accessRequest(AccessRequest)
    case accessRequestOk(AccessRequestOk)
    case exchangeDeclare(ExchangeDeclare)
    case exchangeDeclareOk(ExchangeDeclareOk)
    case exchangeDelete(ExchangeDelete)
    case exchangeDeleteOk(ExchangeDeleteOk)
    case exchangeBind(ExchangeBind)
    case exchangeBindOk(ExchangeBindOk)
    case exchangeUnbind(ExchangeUnbind)
    case exchangeUnbindOk(ExchangeUnbindOk)
    case queueDeclare(QueueDeclare)
    case queueDeclareOk(QueueDeclareOk)
    case queueBind(QueueBind)
    case queueBindOk(QueueBindOk)
    case queueUnbind(QueueUnbind)
    case queueUnbindOk(QueueUnbindOk)
    case queuePurge(QueuePurge)
    case queuePurgeOk(QueuePurgeOk)
    case queueDelete(QueueDelete)
    case queueDeleteOk(QueueDeleteOk)
    case basicQos(BasicQos)
    case basicQosOk(BasicQosOk)
    case basicConsume(BasicConsume)
    case basicConsumeOk(BasicConsumeOk)
    case basicCancel(BasicCancel)
    case basicCancelOk(BasicCancelOk)
    case basicPublish(BasicPublish)
    case basicReturn(BasicReturn)
    case basicDeliver(BasicDeliver)
    case basicGet(BasicGet)
    case basicGetOk(BasicGetOk)
    case basicGetEmpty(BasicGetEmpty)
    case basicAck(BasicAck)
    case basicReject(BasicReject)
    case basicRecoverAsync(BasicRecoverAsync)
    case basicRecover(BasicRecover)
    case basicRecoverOk(BasicRecoverOk)
    case basicNack(BasicNack)
    case confirmSelect(ConfirmSelect)
    case confirmSelectOk(ConfirmSelectOk)
    case txSelect(TxSelect)
    case txSelectOk(TxSelectOk)
    case txCommit(TxCommit)
    case txCommitOk(TxCommitOk)
    case txRollback(TxRollback)
    case txRollbackOk(TxRollbackOk)

    /// Reads the payload of a method frame.
    ///
    /// Throws ``WireError``: 503 for a class or method that nobody defined, 502 for fields that are cut short or
    /// run over the end of the payload.
    public init(_ payload: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(payload)
        let id = MethodID(try reader.uint16(), try reader.uint16())
        guard let read = Self.readers[id] else { throw reader.error("no method is \(id)", code: .commandInvalid) }
        self = try read(&reader)
        try reader.expectEnd(of: "\(id)")
    }

    public var id: MethodID { fields.id }

    private typealias Reader = @Sendable (inout ByteReader) throws(WireError) -> Method

    private static let readers: [MethodID: Reader] = [
        ConnectionStart.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionStart(try ConnectionStart(from: &reader))
        },
        ConnectionStartOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionStartOk(try ConnectionStartOk(from: &reader))
        },
        ConnectionSecure.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionSecure(try ConnectionSecure(from: &reader))
        },
        ConnectionSecureOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionSecureOk(try ConnectionSecureOk(from: &reader))
        },
        ConnectionTune.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionTune(try ConnectionTune(from: &reader))
        },
        ConnectionTuneOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionTuneOk(try ConnectionTuneOk(from: &reader))
        },
        ConnectionOpen.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionOpen(try ConnectionOpen(from: &reader))
        },
        ConnectionOpenOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionOpenOk(try ConnectionOpenOk(from: &reader))
        },
        ConnectionClose.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionClose(try ConnectionClose(from: &reader))
        },
        ConnectionCloseOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionCloseOk(try ConnectionCloseOk(from: &reader))
        },
        ConnectionBlocked.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionBlocked(try ConnectionBlocked(from: &reader))
        },
        ConnectionUnblocked.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionUnblocked(try ConnectionUnblocked(from: &reader))
        },
        ConnectionUpdateSecret.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionUpdateSecret(try ConnectionUpdateSecret(from: &reader))
        },
        ConnectionUpdateSecretOk.id: { (reader: inout ByteReader) throws(WireError) in
            .connectionUpdateSecretOk(try ConnectionUpdateSecretOk(from: &reader))
        },
        ChannelOpen.id: { (reader: inout ByteReader) throws(WireError) in .channelOpen(try ChannelOpen(from: &reader))
        },
        ChannelOpenOk.id: { (reader: inout ByteReader) throws(WireError) in
            .channelOpenOk(try ChannelOpenOk(from: &reader))
        },
        ChannelFlow.id: { (reader: inout ByteReader) throws(WireError) in .channelFlow(try ChannelFlow(from: &reader))
        },
        ChannelFlowOk.id: { (reader: inout ByteReader) throws(WireError) in
            .channelFlowOk(try ChannelFlowOk(from: &reader))
        },
        ChannelClose.id: { (reader: inout ByteReader) throws(WireError) in
            .channelClose(try ChannelClose(from: &reader))
        },
        ChannelCloseOk.id: { (reader: inout ByteReader) throws(WireError) in
            .channelCloseOk(try ChannelCloseOk(from: &reader))
        },
        AccessRequest.id: { (reader: inout ByteReader) throws(WireError) in
            .accessRequest(try AccessRequest(from: &reader))
        },
        AccessRequestOk.id: { (reader: inout ByteReader) throws(WireError) in
            .accessRequestOk(try AccessRequestOk(from: &reader))
        },
        ExchangeDeclare.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeDeclare(try ExchangeDeclare(from: &reader))
        },
        ExchangeDeclareOk.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeDeclareOk(try ExchangeDeclareOk(from: &reader))
        },
        ExchangeDelete.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeDelete(try ExchangeDelete(from: &reader))
        },
        ExchangeDeleteOk.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeDeleteOk(try ExchangeDeleteOk(from: &reader))
        },
        ExchangeBind.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeBind(try ExchangeBind(from: &reader))
        },
        ExchangeBindOk.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeBindOk(try ExchangeBindOk(from: &reader))
        },
        ExchangeUnbind.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeUnbind(try ExchangeUnbind(from: &reader))
        },
        ExchangeUnbindOk.id: { (reader: inout ByteReader) throws(WireError) in
            .exchangeUnbindOk(try ExchangeUnbindOk(from: &reader))
        },
        QueueDeclare.id: { (reader: inout ByteReader) throws(WireError) in
            .queueDeclare(try QueueDeclare(from: &reader))
        },
        QueueDeclareOk.id: { (reader: inout ByteReader) throws(WireError) in
            .queueDeclareOk(try QueueDeclareOk(from: &reader))
        },
        QueueBind.id: { (reader: inout ByteReader) throws(WireError) in .queueBind(try QueueBind(from: &reader)) },
        QueueBindOk.id: { (reader: inout ByteReader) throws(WireError) in .queueBindOk(try QueueBindOk(from: &reader))
        },
        QueueUnbind.id: { (reader: inout ByteReader) throws(WireError) in .queueUnbind(try QueueUnbind(from: &reader))
        },
        QueueUnbindOk.id: { (reader: inout ByteReader) throws(WireError) in
            .queueUnbindOk(try QueueUnbindOk(from: &reader))
        },
        QueuePurge.id: { (reader: inout ByteReader) throws(WireError) in .queuePurge(try QueuePurge(from: &reader)) },
        QueuePurgeOk.id: { (reader: inout ByteReader) throws(WireError) in
            .queuePurgeOk(try QueuePurgeOk(from: &reader))
        },
        QueueDelete.id: { (reader: inout ByteReader) throws(WireError) in .queueDelete(try QueueDelete(from: &reader))
        },
        QueueDeleteOk.id: { (reader: inout ByteReader) throws(WireError) in
            .queueDeleteOk(try QueueDeleteOk(from: &reader))
        },
        BasicQos.id: { (reader: inout ByteReader) throws(WireError) in .basicQos(try BasicQos(from: &reader)) },
        BasicQosOk.id: { (reader: inout ByteReader) throws(WireError) in .basicQosOk(try BasicQosOk(from: &reader)) },
        BasicConsume.id: { (reader: inout ByteReader) throws(WireError) in
            .basicConsume(try BasicConsume(from: &reader))
        },
        BasicConsumeOk.id: { (reader: inout ByteReader) throws(WireError) in
            .basicConsumeOk(try BasicConsumeOk(from: &reader))
        },
        BasicCancel.id: { (reader: inout ByteReader) throws(WireError) in .basicCancel(try BasicCancel(from: &reader))
        },
        BasicCancelOk.id: { (reader: inout ByteReader) throws(WireError) in
            .basicCancelOk(try BasicCancelOk(from: &reader))
        },
        BasicPublish.id: { (reader: inout ByteReader) throws(WireError) in
            .basicPublish(try BasicPublish(from: &reader))
        },
        BasicReturn.id: { (reader: inout ByteReader) throws(WireError) in .basicReturn(try BasicReturn(from: &reader))
        },
        BasicDeliver.id: { (reader: inout ByteReader) throws(WireError) in
            .basicDeliver(try BasicDeliver(from: &reader))
        },
        BasicGet.id: { (reader: inout ByteReader) throws(WireError) in .basicGet(try BasicGet(from: &reader)) },
        BasicGetOk.id: { (reader: inout ByteReader) throws(WireError) in .basicGetOk(try BasicGetOk(from: &reader)) },
        BasicGetEmpty.id: { (reader: inout ByteReader) throws(WireError) in
            .basicGetEmpty(try BasicGetEmpty(from: &reader))
        },
        BasicAck.id: { (reader: inout ByteReader) throws(WireError) in .basicAck(try BasicAck(from: &reader)) },
        BasicReject.id: { (reader: inout ByteReader) throws(WireError) in .basicReject(try BasicReject(from: &reader))
        },
        BasicRecoverAsync.id: { (reader: inout ByteReader) throws(WireError) in
            .basicRecoverAsync(try BasicRecoverAsync(from: &reader))
        },
        BasicRecover.id: { (reader: inout ByteReader) throws(WireError) in
            .basicRecover(try BasicRecover(from: &reader))
        },
        BasicRecoverOk.id: { (reader: inout ByteReader) throws(WireError) in
            .basicRecoverOk(try BasicRecoverOk(from: &reader))
        },
        BasicNack.id: { (reader: inout ByteReader) throws(WireError) in .basicNack(try BasicNack(from: &reader)) },
        ConfirmSelect.id: { (reader: inout ByteReader) throws(WireError) in
            .confirmSelect(try ConfirmSelect(from: &reader))
        },
        ConfirmSelectOk.id: { (reader: inout ByteReader) throws(WireError) in
            .confirmSelectOk(try ConfirmSelectOk(from: &reader))
        },
        TxSelect.id: { (reader: inout ByteReader) throws(WireError) in .txSelect(try TxSelect(from: &reader)) },
        TxSelectOk.id: { (reader: inout ByteReader) throws(WireError) in .txSelectOk(try TxSelectOk(from: &reader)) },
        TxCommit.id: { (reader: inout ByteReader) throws(WireError) in .txCommit(try TxCommit(from: &reader)) },
        TxCommitOk.id: { (reader: inout ByteReader) throws(WireError) in .txCommitOk(try TxCommitOk(from: &reader)) },
        TxRollback.id: { (reader: inout ByteReader) throws(WireError) in .txRollback(try TxRollback(from: &reader)) },
        TxRollbackOk.id: { (reader: inout ByteReader) throws(WireError) in
            .txRollbackOk(try TxRollbackOk(from: &reader))
        },
    ]

    /// The fields, as what all methods have in common.
    public var fields: any MethodFields {
        switch self {
        case .connectionStart(let fields): fields
        case .connectionStartOk(let fields): fields
        case .connectionSecure(let fields): fields
        case .connectionSecureOk(let fields): fields
        case .connectionTune(let fields): fields
        case .connectionTuneOk(let fields): fields
        case .connectionOpen(let fields): fields
        case .connectionOpenOk(let fields): fields
        case .connectionClose(let fields): fields
        case .connectionCloseOk(let fields): fields
        case .connectionBlocked(let fields): fields
        case .connectionUnblocked(let fields): fields
        case .connectionUpdateSecret(let fields): fields
        case .connectionUpdateSecretOk(let fields): fields
        case .channelOpen(let fields): fields
        case .channelOpenOk(let fields): fields
        case .channelFlow(let fields): fields
        case .channelFlowOk(let fields): fields
        case .channelClose(let fields): fields
        case .channelCloseOk(let fields): fields
        case .accessRequest(let fields): fields
        case .accessRequestOk(let fields): fields
        case .exchangeDeclare(let fields): fields
        case .exchangeDeclareOk(let fields): fields
        case .exchangeDelete(let fields): fields
        case .exchangeDeleteOk(let fields): fields
        case .exchangeBind(let fields): fields
        case .exchangeBindOk(let fields): fields
        case .exchangeUnbind(let fields): fields
        case .exchangeUnbindOk(let fields): fields
        case .queueDeclare(let fields): fields
        case .queueDeclareOk(let fields): fields
        case .queueBind(let fields): fields
        case .queueBindOk(let fields): fields
        case .queueUnbind(let fields): fields
        case .queueUnbindOk(let fields): fields
        case .queuePurge(let fields): fields
        case .queuePurgeOk(let fields): fields
        case .queueDelete(let fields): fields
        case .queueDeleteOk(let fields): fields
        case .basicQos(let fields): fields
        case .basicQosOk(let fields): fields
        case .basicConsume(let fields): fields
        case .basicConsumeOk(let fields): fields
        case .basicCancel(let fields): fields
        case .basicCancelOk(let fields): fields
        case .basicPublish(let fields): fields
        case .basicReturn(let fields): fields
        case .basicDeliver(let fields): fields
        case .basicGet(let fields): fields
        case .basicGetOk(let fields): fields
        case .basicGetEmpty(let fields): fields
        case .basicAck(let fields): fields
        case .basicReject(let fields): fields
        case .basicRecoverAsync(let fields): fields
        case .basicRecover(let fields): fields
        case .basicRecoverOk(let fields): fields
        case .basicNack(let fields): fields
        case .confirmSelect(let fields): fields
        case .confirmSelectOk(let fields): fields
        case .txSelect(let fields): fields
        case .txSelectOk(let fields): fields
        case .txCommit(let fields): fields
        case .txCommitOk(let fields): fields
        case .txRollback(let fields): fields
        case .txRollbackOk(let fields): fields
        }
    }
}
