"""Reading lists of customers and of calls as offices keep them (客户台账, 来电登记表): sheets of texts → rows of checked values (R2.5).

Nothing here needs a row of the database, and nothing here writes. What opens the file is `inventory.importing`.
"""
