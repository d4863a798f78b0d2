// node-quickbooks' ordinary flows against one company; what came of each goes to standard output as JSON.
// Its code is as installed; only the addresses are the sandbox's, through the properties it has for them.

const { Readable } = require('stream')
const { promisify } = require('util')
const QuickBooks = require('node-quickbooks')

const given = JSON.parse(process.argv[2])
QuickBooks.V3_ENDPOINT_BASE_URL = given.api + '/company/'
QuickBooks.TOKEN_URL = given.url + '/oauth2/v1/tokens/bearer'
QuickBooks.REVOKE_URL = given.url + '/v2/oauth2/tokens/revoke'

const qbo = new QuickBooks(given.client_id, given.client_secret, 'none yet', false, given.realm, true, false, 75, '2.0',
  given.refresh_token)
const call = (name, ...values) => promisify(qbo[name]).apply(qbo, values)
const line = (amount, item) => ({
  Amount: amount, DetailType: 'SalesItemLineDetail', SalesItemLineDetail: { ItemRef: { value: item } }
})
const fault = async (promise) => {
  try {
    await promise
    return 'none'
  } catch (error) {
    const body = error.Fault ? error : error.response.data
    return (body.Fault || body.fault).Error?.[0]?.code || body.fault.error[0].code
  }
}

async function main () {
  const told = {}
  told.beforeRefresh = await fault(call('getPreferences'))
  const tokens = await call('refreshAccessToken')
  told.refreshed = tokens.token_type

  const items = await call('findItems', [{ field: 'Type', value: 'Service' }, { field: 'limit', value: 5 }])
  const item = items.QueryResponse.Item[0].Id
  const accounts = await call('findAccounts', { AccountSubType: 'Checking' })
  const bank = accounts.QueryResponse.Account[0].Id

  const before = (await call('findCustomers', { count: true })).QueryResponse.totalCount
  const ada = await call('createCustomer', { DisplayName: "Ada O'Hare", PrimaryEmailAddr: { Address: 'ada@example.test' } })
  told.read = (await call('getCustomer', ada.Id)).DisplayName
  const noted = await call('updateCustomer', { Id: ada.Id, SyncToken: ada.SyncToken, Notes: 'by the quay' })
  told.sparse = [noted.DisplayName, noted.Notes]
  told.stale = await fault(call('updateCustomer', { Id: ada.Id, SyncToken: ada.SyncToken, Notes: 'late' }))
  told.taken = await fault(call('createVendor', { DisplayName: "ada o'hare" }))
  told.found = (await call('findCustomers', [{ field: 'DisplayName', value: "Ada O%", operator: 'LIKE' }])).QueryResponse.Customer.length
  told.counted = (await call('findCustomers', { count: true })).QueryResponse.totalCount - before

  const many = []
  for (let number = 0; number < 7; number++) {
    many.push({ bId: 'b' + number, operation: 'create', SalesReceipt: { Line: [line(number + 1, item)] } })
  }
  many.push({ bId: 'bad', operation: 'create', SalesReceipt: { Line: [line(1, '999999')] } })
  many.push({ bId: 'asked', Query: 'select count(*) from Customer' })
  const batch = await call('batch', many)
  told.batch = batch.BatchItemResponse.map((one) => Object.keys(one).filter((key) => key !== 'bId')[0])
  const all = await call('findSalesReceipts', { fetchAll: true, limit: 3 })
  told.all = all.QueryResponse.SalesReceipt.map((one) => one.TotalAmt)

  const invoice = await call('createInvoice', { CustomerRef: { value: ada.Id }, Line: [line(120, item)] })
  const payment = await call('createPayment', {
    CustomerRef: { value: ada.Id }, TotalAmt: 120, requestId: 'node-1',
    Line: [{ Amount: 120, LinkedTxn: [{ TxnId: invoice.Id, TxnType: 'Invoice' }] }]
  })
  told.paid = (await call('getInvoice', invoice.Id)).Balance
  const voided = await call('voidPayment', { Id: payment.Id, SyncToken: payment.SyncToken })
  told.voided = [voided.TotalAmt, (await call('getInvoice', invoice.Id)).Balance]
  told.voidedInvoice = (await call('voidInvoice', invoice.Id)).Invoice.TotalAmt
  const gone = await call('createInvoice', { CustomerRef: { value: ada.Id }, Line: [line(5, item)] })
  told.deleted = (await call('deleteInvoice', gone.Id)).Invoice.status
  told.missing = await fault(call('getInvoice', gone.Id))

  const sold = await call('createSalesReceipt', { Line: [line(40, item)] })
  const deposit = await call('createDeposit', {
    DepositToAccountRef: { value: bank },
    Line: [{ Amount: 40, LinkedTxn: [{ TxnId: sold.Id, TxnType: 'SalesReceipt', TxnLineId: '0' }] }]
  })
  told.deposit = deposit.TotalAmt

  const file = await call('upload', 'ticket.txt', 'text/plain', Readable.from(['Billet 7\n']), 'Invoice', invoice.Id)
  told.file = [file.FileName, file.AttachableRef[0].EntityRef.value === invoice.Id]
  const listed = await call('findAttachables', [{ field: 'AttachableRef.EntityRef.value', value: invoice.Id }])
  told.attached = listed.QueryResponse.Attachable.length

  const pdf = await call('getInvoicePdf', invoice.Id)
  told.pdf = Buffer.from(pdf).subarray(0, 5).toString()
  told.sent = (await call('sendInvoicePdf', invoice.Id, 'ada@example.test')).EmailStatus

  const changes = await call('changeDataCapture', ['Customer', 'Invoice'], new Date(Date.now() - 3600 * 1000))
  const [customers, invoices] = changes.CDCResponse[0].QueryResponse
  told.changes = [customers.Customer.some((one) => one.Id === ada.Id), invoices.Invoice.map((one) => one.status || 'living')]

  const trial = await call('reportTrialBalance', { start_date: '2020-01-01' })
  told.trial = trial.Rows.Row.filter((row) => row.ColData).map((row) => [row.ColData[0].value, row.ColData[1].value])
  told.reports = []
  for (const name of ['reportProfitAndLoss', 'reportProfitAndLossDetail', 'reportBalanceSheet', 'reportCashFlow',
    'reportGeneralLedgerDetail', 'reportTransactionList', 'reportAgedReceivables', 'reportCustomerBalanceDetail',
    'reportJournalReport', 'reportAccountListDetail', 'reportItemSales']) {
    told.reports.push((await call(name, { date_macro: 'This Fiscal Year' })).Header.ReportName)
  }

  await call('revokeAccess', true)
  process.stdout.write(JSON.stringify(told))
}

main().catch((error) => {
  process.stderr.write(String(error.stack || error) + '\n' + JSON.stringify(error.response ? error.response.data : error) + '\n')
  process.exit(1)
})
